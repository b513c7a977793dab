//! kinesis.
