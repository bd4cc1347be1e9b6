//! Named faults for the checks of the checks: a fault that no test notices is a missing test. Compiled
//! under the feature `sabotage` only, here for every crate; `cargo xtask sabotage` lists them and says
//! which test must go red.

use std::sync::LazyLock;

static FAULT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("TUNGNHA_FAULT").ok());

/// True if this fault was asked for.
pub fn is(name: &str) -> bool {
    FAULT.as_deref() == Some(name)
}
