//! Named faults for the checks of the checks: a fault that no test notices is a missing test. Compiled
//! under the feature `sabotage` only.

use std::sync::LazyLock;

static FAULT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("TUNGNHA_FAULT").ok());

/// True if this fault was asked for.
pub(crate) fn is(name: &str) -> bool {
    FAULT.as_deref() == Some(name)
}
