"""How things fail.

SparkjobsError
├── UsageError                 exit 2   the command line asks for something that is not there
├── SelectorError              exit 2   a selector is none, or names nothing
├── ConfigError                exit 2   mistakes in conf or job code, all at once, as file:line:col
├── SetupError                 exit 2   Java, jars or Spark are not as they must be
├── InputError                 exit 1   a source cannot be read as its conf says
├── StateError
│   ├── ForeignTableError      exit 1   the folder is not this job's table
│   ├── LostManifestError      exit 1   a committed manifest is no longer there
│   ├── DamagedStateError      exit 1   a file in _sparkjobs/ is not as it was written
│   ├── ForeignCommitError     exit 1   something else has changed the rows of a Delta table
│   ├── AppendAgainError       exit 1   an append would take rows it has appended before
│   ├── LogicChangedError      exit 1   an incremental job is not what its table was made with
│   ├── GoneFilesError         exit 1   a table would be made anew without the rows of files that are gone
│   ├── LostTableError         exit 1   the state is there, the table is not
│   ├── RestoredTableError     exit 1   somebody took a Delta table back to an older version
│   ├── UnknownVersionError    exit 1   no manifest tells what an older version of a table holds
│   ├── UpstreamRewrittenError exit 1   rows that an increment has taken before were changed
│   ├── StateMovedError        exit 1   somebody published since the plan was made (retryable)
│   ├── StateResetError        exit 1   somebody reset the state since the plan was made (retryable)
│   └── LockHeldError          exit 10  another run writes this table (retryable)
└── JobError
    ├── FunctionError          exit 1   the job's own function raised
    ├── ResultError            exit 1   what the function returned cannot be its output
    ├── StepError              exit 1   Spark, the disk or the store failed in one step
    ├── TooManyBadRowsError    exit 1   a source has more bad rows than its conf allows
    ├── LedgerError            exit 1   rows read are not rows valid plus rows quarantined
    ├── CheckFailedError       exit 1   a check of severity error failed on the staged files
    ├── PublishError           exit 1   the staged files could not become the table
    ├── SchemaChangedError     exit 1   the result has other columns than the table
    ├── TiedRowsError          exit 1   one key, several different rows, no order
    ├── NullKeyError           exit 1   a row of a merge or history has no key
    ├── LateSnapshotError      exit 1   a snapshot came after a later one was published
    ├── PartialSnapshotError   exit 1   rows of a snapshot that closes absent keys were rejected
    ├── HistoryError           exit 1   a history would have gaps, overlaps or two current rows
    ├── TransientError         exit 1   a step failed for a reason that passes (retryable)
    └── StoppedError           exit 143 the process was asked to end

Each error is data; its text is three sentences over its own fields: what failed, what is true of
the data now, what to type next.
"""

from sparkjobs.errors.base import (
    UNTOUCHED,
    ConfigError,
    InputError,
    SelectorError,
    SetupError,
    SparkjobsError,
    UsageError,
)
from sparkjobs.errors.job import (
    CheckFailedError,
    FunctionError,
    HistoryError,
    JobError,
    LateSnapshotError,
    LedgerError,
    NullKeyError,
    PartialSnapshotError,
    PublishError,
    ResultError,
    SchemaChangedError,
    StepError,
    StoppedError,
    TiedRowsError,
    TooManyBadRowsError,
    TransientError,
)
from sparkjobs.errors.state import (
    AppendAgainError,
    DamagedStateError,
    ForeignCommitError,
    ForeignTableError,
    GoneFilesError,
    LockHeldError,
    LogicChangedError,
    LostManifestError,
    LostTableError,
    RestoredTableError,
    StateError,
    StateMovedError,
    StateResetError,
    UnknownVersionError,
    UpstreamRewrittenError,
)

__all__ = [
    "UNTOUCHED",
    "AppendAgainError",
    "CheckFailedError",
    "ConfigError",
    "DamagedStateError",
    "ForeignCommitError",
    "ForeignTableError",
    "FunctionError",
    "GoneFilesError",
    "HistoryError",
    "InputError",
    "JobError",
    "LateSnapshotError",
    "LedgerError",
    "LockHeldError",
    "LogicChangedError",
    "LostManifestError",
    "LostTableError",
    "NullKeyError",
    "PartialSnapshotError",
    "PublishError",
    "RestoredTableError",
    "ResultError",
    "SchemaChangedError",
    "SelectorError",
    "SetupError",
    "SparkjobsError",
    "StateError",
    "StateMovedError",
    "StateResetError",
    "StepError",
    "StoppedError",
    "TiedRowsError",
    "TooManyBadRowsError",
    "TransientError",
    "UnknownVersionError",
    "UpstreamRewrittenError",
    "UsageError",
]
