"""The columns of what is said of a row: first what people are told, then what the components found.

Kernels write them by number, as doubles; `anomaly.detections` gives them names and types.
"""

TOLD = (
    "score",
    "is_anomaly",
    "alert",
    "recovered",
    "inference",  # 0 while LEARNING
    "confidence",
    "expected_value",
    "lower_bound",
    "upper_bound",
    "raw_score",
    "direction",  # 1 above what is expected, -1 below
    "episode_start",
    "processed_points",
)
FOUND = (
    "evidence",  # the greatest of the components', 1 = the bar
    "strength",  # of the alert at the fixed bar, 0 = none
    "held",  # 1 where the value is part of an event that is kept out of what is learnt
    "extreme",  # 1 above all values before, -1 below
    "side",  # where what the strongest component saw lies: 1 above what is expected, -1 below
    "usual",  # the ordinary course of this hour, where there is a calendar; else 0
    "low_rows",  # rows in a row that an outage has lasted
    "run",  # how many rows have had this very value
    "age",  # seconds since the first row
    "step",  # typical seconds between rows
    "drift",  # mean residual of the last rows that the sums look at, in units of the value
)
COMPONENTS = ("forest", "residual", "hour", "hour_sum", "sum", "run", "rare", "absence", "outage")
FOREST, RESIDUAL, HOUR, HOUR_SUM, SUM, RUN_OF, RARE, ABSENCE, OUTAGE = range(len(COMPONENTS))
COLUMNS = TOLD + FOUND + tuple(f"{name}_evidence" for name in COMPONENTS)

SCORE, IS_ANOMALY, ALERT, RECOVERED, INFERENCE, CONFIDENCE = range(6)
EXPECTED, LOW, HIGH, RAW, DIRECTION, EPISODE, POINTS = range(6, len(TOLD))
EVIDENCE, STRENGTH, HELD, EXTREME, SIDE, USUAL, LOW_ROWS, RUN, AGE, STEP, DRIFT = range(
    len(TOLD), len(TOLD) + len(FOUND)
)
FIRST_COMPONENT = len(TOLD) + len(FOUND)
