//! The steps of the tour on a disk that is full or read-only: what the page says of it, that nothing is lost by
//! it, and that the same press works once the disk takes something again.

use std::time::Instant;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tests::commune::Serving;

use crate::disk::{self, Disk};
use crate::page::Page;
use crate::starts::catalogue;
use crate::steps::{Walk, shown_counts};
use crate::visits;

/// What a notice of a kind says: what happened, and what is safe.
fn notice(kind: &str) -> String {
    format!(
        "const lines = document.querySelectorAll('.notice.{kind} .words > :not(.only-read-aloud)');
         return lines.length === 0 ? null : [...lines].map((line) => line.innerText);"
    )
}

/// Everything that was answered and stands on the page.
const ANSWERED: &str = "return [...document.querySelectorAll('main [aria-checked=true]')]
    .map((one) => one.closest('[aria-label]').getAttribute('aria-label') + ': ' + one.innerText);";

impl Walk<'_> {
    /// A third laptop, whose disk fills up and, one morning, is read-only. It works on beside the others and
    /// sends in the end: the figures tell whether anything was lost or kept twice.
    pub(crate) async fn faulty_disk(&mut self, serving: &Serving) -> Result<()> {
        if !disk::may_mount() {
            // Said in the report and on the terminal: the log of a run must not look as if this had been tried.
            eprintln!(
                "disk faults NOT tried: nobody may mount here, neither root nor in a namespace of one's own"
            );
            let shown = json!("nobody may mount a disk on this machine");
            self.report.step("disk-faults-not-tried", Instant::now(), shown.clone(), shown);
            return Ok(());
        }
        let disk = Disk::mount(&self.folder.path().join("mai"))?;
        let (mut mai, words) = self.join_on_a_full_disk(&disk, serving).await?;
        self.save_on_a_full_disk(&disk, &mut mai, &words).await?;
        mai.close().await?;
        self.read_only_disk(&disk, &words).await
    }

    /// The code is typed in while the disk is full: said, the code is not used up, the same press works later.
    async fn join_on_a_full_disk(&mut self, disk: &Disk, serving: &Serving) -> Result<(Page, String)> {
        let started = Instant::now();
        let code = self.commune.code("team_member", Some(&self.hamlet))?;
        disk.fill()?;
        let mut page = self.open_over(&disk.data(), None).await?;
        self.enter_code(&mut page, &code, "Máy chị Mai").await?;
        let said = page.until(&notice("error")).await?;
        page.show("dia-day-khi-ket-noi").await?;
        self.report.step("a-full-disk-when-joining", started, said, json!([catalogue("store.disk_full")?]));
        disk.free()?;
        page.press(&[Key::Enter]).await?;
        let words = self.joined(&mut page, "mai", started, serving).await?;
        Ok((page, words))
    }

    /// The disk fills up overnight. The register opens all the same; Save says that it was not saved, and the same
    /// Save works once there is room.
    async fn save_on_a_full_disk(&mut self, disk: &Disk, page: &mut Page, words: &str) -> Result<()> {
        let before = shown_counts(page).await?;
        page.tab_to("header button:has(.lucide-lock)").await?;
        page.press(&[Key::Enter]).await?;
        page.until_shown(&catalogue("setup.unlock")?).await?;
        let started = Instant::now();
        disk.fill()?;
        page.tab_to("main input").await?;
        page.type_text(words).await?;
        page.press(&[Key::Enter]).await?;
        page.until("return document.querySelector('nav a[aria-current]') !== null").await?;
        page.go_to("#/").await?;
        visits::at_today(page).await?;
        page.tab_to("main [aria-current] a").await?;
        visits::choose_door(page, 4, self.report.seed % 5).await?;
        visits::not_saved(page).await?;
        let said = page.until(&notice("unsaved")).await?;
        page.show("dia-day-chua-luu-duoc").await?;
        let expected = ["ui.notice.unsaved", "store.disk_full"]
            .into_iter()
            .map(catalogue)
            .collect::<Result<Vec<_>>>()?;
        self.report.step("a-full-disk-at-save", started, said, json!(expected));

        // Nothing but the room has changed: the answers stand there, and the same Save takes them.
        let started = Instant::now();
        let answered = page.read(ANSWERED).await?;
        let answers = answered.as_array().map_or(0, Vec::len);
        disk.free()?;
        page.tab_to(".notice.unsaved button").await?;
        page.press(&[Key::Enter]).await?;
        page.until_shown(&catalogue("visit.page.done.say")?).await?;
        page.show("dia-co-cho-da-luu").await?;
        page.press(&[Key::Enter]).await?;
        visits::at_today(page).await?;
        let after = shown_counts(page).await?;
        let of = |counts: &Value, key: &str| counts.get(key).and_then(Value::as_i64).unwrap_or(-1);
        let shown = json!({
            "answers_kept_on_screen": answers > 0,
            "met": of(&after, "met") - of(&before, "met"),
            "complete": of(&after, "complete") - of(&before, "complete"),
        });
        let expected = json!({ "answers_kept_on_screen": true, "met": 1, "complete": 1 });
        self.report.step("the-same-save-with-room-again", started, shown, expected);
        self.send(page, 1).await?;
        self.same_figures("figures-after-a-full-disk", page).await
    }

    /// The folder cannot be written: the first page says so, and opens once it can be again.
    async fn read_only_disk(&mut self, disk: &Disk, words: &str) -> Result<()> {
        let started = Instant::now();
        disk.read_only(true).await?;
        let mut page = self.open_over(&disk.data(), None).await?;
        let said = page
            .until("const words = document.querySelector('main p'); return words && words.innerText")
            .await?;
        page.show("dia-chi-doc").await?;
        let title = page.read("return document.querySelector('main h2').innerText").await?;
        let expected = json!([catalogue("setup.unusable")?, catalogue("store.read_only")?]);
        self.report.step("a-read-only-folder", started, json!([title, said]), expected);

        let started = Instant::now();
        disk.read_only(false).await?;
        page.tab_to("main button").await?;
        page.press(&[Key::Enter]).await?;
        self.unlock(&mut page, words).await?;
        visits::at_today(&mut page).await?;
        let shown = shown_counts(&mut page).await?;
        let expected = self.expected_counts()?;
        self.report.step("writable-again", started, shown, expected);
        page.close().await.context("after a read-only disk")
    }
}
