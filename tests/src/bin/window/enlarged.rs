//! The main path once more on small screens whose owners have everything drawn twice as large (system scaling of
//! 200 %, which is not the size of text in the window): 683 by 384 and 640 by 360 of our own pixels. The album
//! looks at every page: nothing is cut off, nothing scrolls sideways.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use fantoccini::key::Key;
use serde_json::json;
use tests::commune::Serving;
use tests::display::Display;

use crate::steps::Walk;
use crate::visits;

/// Screens, and who works on them.
const SCREENS: [(&str, &str); 2] = [("1366x768", "dao"), ("1280x720", "quy")];

impl Walk<'_> {
    /// A head joins, meets a household, looks at the figures, sends, and takes the hamlet's list in.
    pub(crate) async fn enlarged(&mut self, list: &Path, serving: &Serving) -> Result<()> {
        for (screen, name) in SCREENS {
            let usual = std::mem::replace(&mut self.display, Display::enlarged(screen)?);
            let (walked, started) = (self.main_path(list, name, serving).await, Instant::now());
            self.display = usual;
            self.report.step(&format!("everything-twice-as-large-on-{screen}"), started, walked?, json!(2));
        }
        Ok(())
    }

    /// The main path; says how large a pixel of ours was drawn.
    async fn main_path(&mut self, list: &Path, name: &str, serving: &Serving) -> Result<serde_json::Value> {
        let (mut page, words) = self.join(name, "hamlet_head", serving).await?;
        let drawn = page.read("return devicePixelRatio").await?;
        page.tab_to("main [aria-current] a").await?;
        visits::choose_door(&mut page, 4, self.report.seed % 5 + 1).await?;
        visits::met(&mut page).await?;
        page.press(&[Key::Enter]).await?;
        visits::at_today(&mut page).await?;
        self.send(&mut page, 1).await?;
        self.same_figures(&format!("figures-of-{name}"), &mut page).await?;
        page.close().await?;
        self.same_list(list, name, &words).await?;
        Ok(drawn)
    }
}
