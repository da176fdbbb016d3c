package org.anomaly.flink;

import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** State that this job cannot continue from. The annotation has Flink fail the job instead of restarting it. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class ForeignStateException extends Exception {

    private static final long serialVersionUID = 1L;

    ForeignStateException(String message) {
        super(message);
    }
}
