from folders import tmp_path as tmp_path
