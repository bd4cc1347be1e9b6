//! How long the tour waits for a condition; never for a time.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Far beyond what any step takes: a machine may be slow, a page that never comes must end the tour.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Looks until there is something; `otherwise` says what never came.
pub(crate) async fn wait_for<T>(otherwise: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if began.elapsed() > PATIENCE {
            bail!("{otherwise}");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
