//! The steps of the tour, in order: a laptop joins, an evening without a network, a power cut, the work is
//! sent, and a second laptop shows it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::commune::{Commune, Serving};
use tests::report::Report;

use crate::Tour;
use crate::display::Display;
use crate::page::Page;
use crate::visits;

/// Runs the tour in a folder of its own, which is removed afterwards.
pub(crate) async fn run(options: &Tour) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut walk = Walk {
        report: Report { seed: options.seed, ..Report::default() },
        commune: Commune::init(&folder.path().join("server"))?,
        display: Display::virtual_screen()?,
        out: options.out.clone(),
        picture: 0,
        hamlet: String::new(),
        folder,
    };
    walk.walk(options).await?;
    Ok(walk.report)
}

struct Walk {
    report: Report,
    folder: TempDir,
    commune: Commune,
    display: Display,
    out: PathBuf,
    picture: u32,
    hamlet: String,
}

impl Walk {
    async fn walk(&mut self, options: &Tour) -> Result<()> {
        self.import(&options.list)?;
        let serving = self.commune.serve(None)?;
        let address = serving.address.clone();
        let (mut lan, words) = self.join("lan", "team_member", &serving).await?;
        self.same_figures("figures-as-imported", &mut lan).await?;
        lan.go_to("#/gui-ve-xa").await?;
        let text = lan.until("return document.querySelector('main').innerText").await?;
        self.report.pulled_ops += changes(text.as_str().unwrap_or_default()).1;
        let before = self.figures()?;
        drop(serving);

        self.evening(&mut lan).await?;
        self.not_reachable(&mut lan).await?;
        let started = Instant::now();
        lan.kill()?;
        let mut lan = self.open("lan", None).await?;
        self.unlock(&mut lan, &words).await?;
        let shown = shown_counts(&mut lan).await?;
        let expected = json!({
            "households": number(&before, "households"),
            "reached": number(&before, "reached") + 3,
            "met": number(&before, "met_in_person") + 1,
            "complete": number(&before, "complete") + 1,
            "declined": number(&before, "declined") + 1,
        });
        self.report.step("nothing-lost-by-a-power-cut", started, shown, expected);
        self.take_picture(&lan, "tien-do-sau-khi-mat-dien").await?;

        let serving = self.commune.serve(Some(&address))?;
        self.send(&mut lan).await?;
        self.same_figures("figures-after-sending", &mut lan).await?;
        let after = self.figures()?;
        self.report.households = number(&after, "households");
        self.report.persons = number(&after, "persons");
        self.report.met_before = number(&before, "met_in_person");
        self.report.met_after = number(&after, "met_in_person");
        lan.close().await?;

        let (mut head, words) = self.join("tu", "hamlet_head", &serving).await?;
        self.same_figures("the-head-s-laptop-shows-it", &mut head).await?;
        head.close().await?;
        self.same_list(&options.list, &words).await
    }

    fn import(&mut self, list: &Path) -> Result<()> {
        let started = Instant::now();
        let file = list.to_str().context("the list's path")?;
        let preview = self.commune.json(&["roster", "preview", file, "--json"])?;
        self.commune.json(&[
            "roster",
            "import",
            file,
            "--handed-over-by",
            "Ông Tư, trưởng thôn",
            "--json",
        ])?;
        let counts = |of: &Value| json!([of.get("households"), of.get("persons")]);
        self.report.step(
            "import",
            started,
            counts(&self.commune.json(&["figures", "--json"])?),
            counts(&preview),
        );
        let units = preview.get("hamlet_units").and_then(Value::as_array).context("no units")?;
        let at = usize::try_from(self.report.seed % units.len().max(1) as u64)?;
        let name = units.get(at).and_then(|unit| unit.get("name")).and_then(Value::as_str);
        name.context("a list without a hamlet unit")?.clone_into(&mut self.hamlet);
        Ok(())
    }

    fn figures(&self) -> Result<Value> {
        self.commune.json(&["figures", "--json", "--hamlet", &self.hamlet])
    }

    async fn open(&self, name: &str, list: Option<&Path>) -> Result<Page> {
        Page::open(&self.display, &self.folder.path().join(name), list, &self.out).await
    }

    async fn take_picture(&mut self, page: &Page, name: &str) -> Result<()> {
        self.picture += 1;
        page.picture(&format!("{:02}-{name}", self.picture)).await
    }

    /// First run: the code, the four words, the hamlet.
    async fn join(&mut self, name: &str, role: &str, serving: &Serving) -> Result<(Page, String)> {
        let started = Instant::now();
        let code = self.commune.code(role, Some(&self.hamlet))?;
        let mut page = self.open(name, None).await?;
        self.take_picture(&page, "lan-dau").await?;
        page.tab_to("textarea").await?;
        page.paste(&code).await?;
        page.tab_to("input").await?;
        page.type_text(if name == "tu" { "May bac Tu" } else { "May chi Lan" }).await?;
        self.take_picture(&page, "ma-ket-noi").await?;
        page.press(&[Key::Enter]).await?;
        page.until("return document.querySelectorAll('ol strong').length === 4").await?;
        self.take_picture(&page, "bon-tu").await?;
        let words = page
            .read("return [...document.querySelectorAll('ol strong')].map((one) => one.innerText).join(' ')")
            .await?;
        let words = words.as_str().context("no words")?.to_owned();
        page.press(&[Key::Enter]).await?;
        page.until("return document.activeElement.matches('input')").await?;
        page.type_text(&words).await?;
        page.press(&[Key::Enter]).await?;
        page.until("return document.querySelector('nav a[aria-current]') !== null").await?;
        page.until(
            "return ['', '#/'].includes(location.hash) && document.querySelector('main').innerText.includes('Ngõ')",
        )
        .await?;
        self.take_picture(&page, "hom-nay").await?;
        let shown = page.read("return document.querySelector('header').innerText").await?;
        let there = shown.as_str().is_some_and(|text| text.contains(&self.hamlet));
        let step = format!("join-{name}");
        self.report.step(&step, started, json!([there, serving.address.is_empty()]), json!([true, false]));
        Ok((page, words))
    }

    /// Three doors: one met, one absent, one that does not wish to answer.
    async fn evening(&mut self, page: &mut Page) -> Result<()> {
        let started = Instant::now();
        page.go_to("#/").await?;
        page.tab_to("main [aria-current] a").await?;
        page.keys = 0;
        let met = visits::met(page, |page, name| Box::pin(async move { page.picture(name).await })).await?;
        let keys_met = page.keys;
        self.report.step("a-household-met", started, met, json!("Nói với gia đình"));
        eprintln!("     {keys_met} keys");
        self.take_picture(page, "noi-voi-gia-dinh").await?;
        page.press(&[Key::Enter]).await?;
        visits::at_today(page).await?;

        let started = Instant::now();
        page.press(&[Key::Down]).await?;
        page.type_text("v").await?;
        page.until("return /Vắng/.test(document.querySelector('main').innerText) && document.body.innerText.includes('Hoàn tác')").await?;
        self.take_picture(page, "vang").await?;
        self.report.step("a-household-absent", started, json!(true), json!(true));

        let started = Instant::now();
        let declined = visits::declined(page).await?;
        self.take_picture(page, "khong-muon-cung-cap").await?;
        self.report.step("a-household-declines", started, declined, json!(true));
        page.press(&[Key::Enter]).await?;
        visits::at_today(page).await
    }

    /// The server is away: said in words, and the work waits.
    async fn not_reachable(&mut self, page: &mut Page) -> Result<()> {
        let started = Instant::now();
        page.go_to("#/gui-ve-xa").await?;
        page.tab_to("main button").await?;
        page.press(&[Key::Enter]).await?;
        page.until_shown("Chưa gặp được máy chủ của xã").await?;
        self.take_picture(page, "khong-co-mang").await?;
        let pill =
            page.read("return document.querySelector('.pill').innerText.replace(/\\s+/g, ' ')").await?;
        let shown = pill.as_str().is_some_and(|text| text.contains("Chờ gửi 3"));
        self.report.step("no-network", started, json!(shown), json!(true));
        Ok(())
    }

    async fn unlock(&mut self, page: &mut Page, words: &str) -> Result<()> {
        page.until("return document.querySelector('input') !== null").await?;
        self.take_picture(page, "mo-khoa").await?;
        page.tab_to("input").await?;
        page.type_text(words).await?;
        page.press(&[Key::Enter]).await?;
        visits::at_today(page).await
    }

    async fn send(&mut self, page: &mut Page) -> Result<()> {
        let started = Instant::now();
        page.go_to("#/gui-ve-xa").await?;
        page.tab_to("main button").await?;
        page.press(&[Key::Enter]).await?;
        page.until("return document.querySelector('.pill').innerText.includes('Đã gửi hết')").await?;
        self.take_picture(page, "da-gui").await?;
        let text = page.read("return document.querySelector('main').innerText").await?;
        let shown = text.as_str().is_some_and(|text| text.contains("Đã gửi về xã 3"));
        let (sent, received) = changes(text.as_str().unwrap_or_default());
        self.report.pushed_ops += sent;
        self.report.pulled_ops += received;
        self.report.step("send", started, json!(shown), json!(true));
        Ok(())
    }

    /// What *Tiến độ* shows, against the server's own count from another process.
    async fn same_figures(&mut self, step: &str, page: &mut Page) -> Result<()> {
        let started = Instant::now();
        let shown = shown_counts(page).await?;
        let figures = self.figures()?;
        let expected = json!({
            "households": number(&figures, "households"),
            "reached": number(&figures, "reached"),
            "met": number(&figures, "met_in_person"),
            "complete": number(&figures, "complete"),
            "declined": number(&figures, "declined"),
        });
        self.report.step(step, started, shown, expected);
        self.take_picture(page, "tien-do").await
    }

    /// The head's laptop is started with the hamlet's list in hand: every household is found again.
    async fn same_list(&mut self, list: &Path, words: &str) -> Result<()> {
        let started = Instant::now();
        let mut head = self.open("tu", Some(list)).await?;
        self.unlock(&mut head, words).await?;
        head.go_to("#/danh-sach").await?;
        head.until("return document.querySelector('main').innerText.includes('hộ,')").await?;
        self.take_picture(&head, "danh-sach-cot").await?;
        head.press(&[Key::Enter]).await?;
        head.until_shown("Hộ đã có").await?;
        self.take_picture(&head, "danh-sach-doi-chieu").await?;
        let shown = head
            .read(
                "const count = (label) => {
                   const line = [...document.querySelectorAll('li')].find((one) =>
                     one.querySelector('strong')?.innerText === label);
                   return Number(line?.querySelector('b')?.innerText.replaceAll('.', '') ?? -1);
                 };
                 return { added: count('Hộ thêm mới'), matched: count('Hộ đã có') };",
            )
            .await?;
        let expected = json!({ "added": 0, "matched": number(&self.figures()?, "households") });
        self.report.step("the-same-list-adds-nobody", started, shown, expected);
        head.close().await
    }
}

/// "Gồm 1.240 thay đổi đã gửi, 9 thay đổi nhận về."
fn changes(text: &str) -> (u64, u64) {
    let before = |words: &str| -> u64 {
        let number =
            text.split(words).next().unwrap_or_default().split_whitespace().last().unwrap_or_default();
        number.replace('.', "").parse().unwrap_or(0)
    };
    (before("thay đổi đã gửi"), before("thay đổi nhận về"))
}

fn number(figures: &Value, key: &str) -> i64 {
    figures.get(key).and_then(Value::as_i64).unwrap_or(-1)
}

/// The counts that *Tiến độ* shows, read out of its sentences.
async fn shown_counts(page: &mut Page) -> Result<Value> {
    page.go_to("#/tien-do").await?;
    page.until("return document.querySelector('main').innerText.includes('hộ trong danh sách')").await?;
    page.read(
        "const text = document.querySelector('main').innerText.replace(/\\s+/g, ' ');
         const count = (pattern) => {
           const found = text.match(pattern);
           return found ? Number(found[1].replaceAll('.', '')) : 0;
         };
         return {
           households: count(/trên ([\\d.]+) hộ trong danh sách/),
           reached: count(/Đã đến: ([\\d.]+) trên/),
           met: count(/Đã gặp ([\\d.]+)/),
           complete: count(/Đủ thông tin: ([\\d.]+) trên/),
           declined: count(/Không muốn cung cấp: ([\\d.]+) hộ/),
         };",
    )
    .await
}
