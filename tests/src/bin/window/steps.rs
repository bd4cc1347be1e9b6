//! The steps of the tour, in order: a laptop joins, an evening without a network, a power cut, the work is
//! sent, and a second laptop shows it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::commune::{Commune, Serving};
use tests::display::Display;
use tests::home;
use tests::report::Report;

use crate::Tour;
use crate::album::Album;
use crate::page::Page;
use crate::starts::{self, Bus};
use crate::visits;

/// Keys at most, from the door to Save (door rules §6).
const KEYS_FIRST_FACTS_OF_FOUR: u32 = 30;
/// From the door to the next one.
const KEYS_UNCHANGED: u32 = 8;

/// Runs the tour in a folder of its own, which is removed afterwards.
pub(crate) async fn run(options: &Tour, report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut walk = Walk {
        report,
        commune: Commune::init(&folder.path().join("server"))?,
        display: Display::virtual_screen()?,
        album: Rc::new(Album::new(&options.out)?),
        hamlet: String::new(),
        folder,
    };
    walk.walk(options).await
}

pub(crate) struct Walk<'r> {
    pub(crate) report: &'r mut Report,
    pub(crate) folder: TempDir,
    pub(crate) commune: Commune,
    pub(crate) display: Display,
    album: Rc<Album>,
    pub(crate) hamlet: String,
}

impl Walk<'_> {
    async fn walk(&mut self, options: &Tour) -> Result<()> {
        self.odd_starts().await?;
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
        visits::at_today(&mut lan).await?;
        let shown = shown_counts(&mut lan).await?;
        let expected = json!({
            "households": number(&before, "households"),
            "reached": number(&before, "reached") + 3,
            "met": number(&before, "met_in_person") + 1,
            "complete": number(&before, "complete") + 1,
            "declined": number(&before, "declined") + 1,
        });
        self.report.step("nothing-lost-by-a-power-cut", started, shown, expected);
        lan.show("tien-do-sau-khi-mat-dien").await?;

        let serving = self.commune.serve(Some(&address))?;
        self.send(&mut lan, 4).await?;
        self.same_figures("figures-after-sending", &mut lan).await?;
        let after = self.figures()?;
        self.report.households = number(&after, "households");
        self.report.persons = number(&after, "persons");
        self.report.met_before = number(&before, "met_in_person");
        self.report.met_after = number(&after, "met_in_person");
        self.nothing_goes_out(&lan).await?;
        self.second_window().await?;
        lan.close().await?;
        self.second_start(&options.list).await?;

        let (mut head, words) = self.join("tu", "hamlet_head", &serving).await?;
        self.same_figures("the-head-s-laptop-shows-it", &mut head).await?;
        head.close().await?;
        self.same_list(&options.list, "tu", &words).await?;
        self.enlarged(&options.list, &serving).await?;
        self.faulty_disk(&serving).await?;

        let (pages, findings) = self.album.findings();
        let (shown, expected) = (json!({ "serious": findings }), json!({ "serious": [] }));
        self.report.step(&format!("axe-on-{pages}-pages"), Instant::now(), shown, expected);
        Ok(())
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
        self.open_over(&self.folder.path().join(name), list).await
    }

    /// A window over a data folder. `list`: a household list it is started with.
    pub(crate) async fn open_over(&self, data: &Path, list: Option<&Path>) -> Result<Page> {
        let arguments = ["--data".as_ref(), data.as_os_str()].into_iter().chain(list.map(Path::as_os_str));
        Page::open(&self.display, &arguments.collect::<Vec<_>>(), &[], &self.album).await
    }

    /// Starts where something is wrong end with a sentence, or go on.
    async fn odd_starts(&mut self) -> Result<()> {
        let data = self.folder.path().join("odd");
        for (step, display, key) in [
            ("no-screen", None, "window.no_display"),
            ("a-screen-that-is-gone", Some(":65535"), "window.no_window"),
        ] {
            let started = Instant::now();
            let shown = starts::without_a_screen(&data, display)?;
            self.report.step(step, started, shown, starts::sentence(key)?);
        }
        let started = Instant::now();
        let shown = starts::page_comes_back(&self.display, &data).await?;
        self.report.step("no-session-bus-and-a-webview-that-dies", started, shown, json!(true));
        Ok(())
    }

    /// First run: the code, the four words, the hamlet.
    pub(crate) async fn join(&mut self, name: &str, role: &str, serving: &Serving) -> Result<(Page, String)> {
        let started = Instant::now();
        let code = self.commune.code(role, Some(&self.hamlet))?;
        let mut page = self.open(name, None).await?;
        page.show("lan-dau").await?;
        self.enter_code(&mut page, &code, if name == "tu" { "Máy bác Tư" } else { "Máy chị Lan" }).await?;
        let words = self.joined(&mut page, name, started, serving).await?;
        Ok((page, words))
    }

    /// The code and the laptop's name, and Enter.
    pub(crate) async fn enter_code(&self, page: &mut Page, code: &str, laptop: &str) -> Result<()> {
        page.tab_to("textarea").await?;
        page.paste(code).await?;
        page.tab_to("input").await?;
        page.type_text(laptop).await?;
        page.show("ma-ket-noi").await?;
        page.press(&[Key::Enter]).await
    }

    /// What follows a code that was taken: the four words, typed back, and the hamlet.
    pub(crate) async fn joined(
        &mut self,
        page: &mut Page,
        name: &str,
        started: Instant,
        serving: &Serving,
    ) -> Result<String> {
        page.until("return document.querySelectorAll('ol strong').length === 4").await?;
        page.show("bon-tu").await?;
        let words = page
            .read("return [...document.querySelectorAll('ol strong')].map((one) => one.innerText).join(' ')")
            .await?;
        let words = words.as_str().context("no words")?.to_owned();
        page.press(&[Key::Enter]).await?;
        page.until("return document.activeElement.matches('input')").await?;
        page.type_text(&words).await?;
        page.press(&[Key::Enter]).await?;
        page.until("return document.querySelector('nav a[aria-current]') !== null").await?;
        visits::at_today(page).await?;
        page.show("hom-nay").await?;
        let shown = page.read("return document.querySelector('header').innerText").await?;
        let there = shown.as_str().is_some_and(|text| text.contains(&self.hamlet));
        let step = format!("join-{name}");
        self.report.step(&step, started, json!([there, serving.address.is_empty()]), json!([true, false]));
        Ok(words)
    }

    /// An evening without a network: a household of four met, the next one absent, another that does not wish to
    /// answer; the first one again, where everything is as it was; and one more, where the page ends in the middle.
    async fn evening(&mut self, page: &mut Page) -> Result<()> {
        page.go_to("#/").await?;
        page.tab_to("main [aria-current] a").await?;
        let first = visits::choose_door(page, 4, self.report.seed % 5).await?;
        let started = Instant::now();
        let keys = visits::met(page).await?;
        self.keys("a-household-of-four-met", started, keys, KEYS_FIRST_FACTS_OF_FOUR);
        page.press(&[Key::Enter]).await?;
        visits::at_today(page).await?;

        let started = Instant::now();
        visits::walk_to(page, first).await?;
        page.press(&[Key::Down]).await?;
        page.type_text("v").await?;
        let said = page
            .until("return document.body.innerText.match(/Đã ghi [^.]*: Vắng\\./) && document.body.innerText.includes('Hoàn tác')")
            .await?;
        page.show("vang").await?;
        self.report.step("a-household-absent", started, said, json!(true));

        let started = Instant::now();
        visits::declined(page).await?;
        page.show("khong-muon-cung-cap").await?;
        page.press(&[Key::Enter]).await?;
        visits::at_today(page).await?;
        let doors = visits::outcomes(page).await?;
        let count = |words: &str| doors.iter().filter(|door| door.contains(words)).count();
        let shown = json!([count("Không muốn cung cấp"), count("Chưa gặp: Vắng")]);
        self.report.step("a-household-declines", started, shown, json!([1, 1]));

        let started = Instant::now();
        visits::walk_to(page, first).await?;
        let keys = visits::unchanged(page).await?;
        self.keys("an-unchanged-household", started, keys, KEYS_UNCHANGED);

        let started = Instant::now();
        let (before, after) = visits::asked_across_a_reload(page).await?;
        self.report.step(
            "a-reload-finds-the-register-open-and-the-visit-as-it-stood",
            started,
            after,
            before,
        );
        Ok(())
    }

    /// A step that may take so many keys and no more.
    fn keys(&mut self, step: &str, started: Instant, keys: u32, at_most: u32) {
        let shown = json!({ "keys": keys, "at_most": at_most });
        self.report.step(step, started, shown, json!({ "keys": keys.min(at_most), "at_most": at_most }));
    }

    /// The page asked nobody outside for anything, and cannot: what it tries does not arrive.
    async fn nothing_goes_out(&mut self, page: &Page) -> Result<()> {
        let started = Instant::now();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let asked = page.asked_outside().await?;
        let address = format!("http://{}", listener.local_addr()?);
        page.try_to_reach(&address).await?;
        let policy = page.refused_by_policy(&address).await?;
        let arrived = listener.accept().is_ok();
        let shown = json!({ "asked": asked, "arrived": arrived, "policy": policy });
        let policy = json!({ "refused": ["base-uri", "form-action", "frame-src"], "frames": ["isolation"] });
        let expected = json!({ "asked": [], "arrived": false, "policy": policy });
        self.report.step("nothing-goes-out", started, shown, expected);
        Ok(())
    }

    /// The server is away: said in words, and the work waits.
    async fn not_reachable(&mut self, page: &mut Page) -> Result<()> {
        let started = Instant::now();
        page.go_to("#/gui-ve-xa").await?;
        page.tab_to("main button").await?;
        page.press(&[Key::Enter]).await?;
        page.until_shown("Chưa gặp được máy chủ của xã").await?;
        page.show("khong-co-mang").await?;
        let pill =
            page.read("return document.querySelector('.pill').innerText.replace(/\\s+/g, ' ')").await?;
        let shown = pill.as_str().is_some_and(|text| text.contains("Chờ gửi 4"));
        self.report.step("no-network", started, json!(shown), json!(true));
        Ok(())
    }

    pub(crate) async fn unlock(&mut self, page: &mut Page, words: &str) -> Result<()> {
        page.until("return document.querySelector('input') !== null").await?;
        page.show("mo-khoa").await?;
        page.tab_to("input").await?;
        page.type_text(words).await?;
        page.press(&[Key::Enter]).await
    }

    /// Sends so many visits.
    pub(crate) async fn send(&mut self, page: &mut Page, visits: usize) -> Result<()> {
        let started = Instant::now();
        page.go_to("#/gui-ve-xa").await?;
        page.tab_to("main button").await?;
        page.press(&[Key::Enter]).await?;
        page.until("return document.querySelector('.pill').innerText.includes('Đã gửi hết')").await?;
        page.show("da-gui").await?;
        let text = page.read("return document.querySelector('main').innerText").await?;
        let shown = text.as_str().is_some_and(|text| text.contains(&format!("Đã gửi về xã {visits}")));
        let (sent, received) = changes(text.as_str().unwrap_or_default());
        self.report.pushed_ops += sent;
        self.report.pulled_ops += received;
        self.report.step("send", started, json!(shown), json!(true));
        Ok(())
    }

    /// What *Tiến độ* shows, against the server's own count from another process.
    pub(crate) async fn same_figures(&mut self, step: &str, page: &mut Page) -> Result<()> {
        let started = Instant::now();
        let shown = shown_counts(page).await?;
        let expected = self.expected_counts()?;
        self.report.step(step, started, shown, expected);
        page.show("tien-do").await
    }

    /// A second window over a folder that is open says so, and the first works on.
    async fn second_window(&mut self) -> Result<()> {
        let started = Instant::now();
        let second = self.open("lan", None).await?;
        second.until_shown("cửa sổ khác").await?;
        second.show("cua-so-thu-hai").await?;
        self.report.step("a-second-window-stands-aside", started, json!(true), json!(true));
        second.close().await
    }

    /// Started again with a list in hand, as from a file manager: the second program ends, and the first window has
    /// the list.
    async fn second_start(&mut self, list: &Path) -> Result<()> {
        let started = Instant::now();
        let bus = Bus::start()?;
        let mut variables = home::within(&self.folder.path().join("person"))?;
        variables.push(bus.variable());
        let mut first = Page::open(&self.display, &[], &variables, &self.album).await?;
        // The driver's first picture of a window is of its first page, whatever is shown by then.
        first.show("lan-dau-khong-neu-thu-muc").await?;
        first.tab_to("main .training button").await?;
        first.press(&[Key::Enter]).await?;
        visits::at_today(&mut first).await?;
        let ended_well = starts::with_a_list(&self.display, &variables, list).await?;
        first.until("return document.querySelector('main').innerText.includes('hộ,')").await?;
        first.show("danh-sach-tu-lan-mo-thu-hai").await?;
        let page = "return [location.hash, document.querySelector('header p').innerText]";
        let name = list.file_name().map(|name| name.to_string_lossy());
        let (shown, expected) =
            (json!([ended_well, first.read(page).await?]), json!([true, ["#/danh-sach", name]]));
        self.report.step("a-second-start-hands-its-list-over", started, shown, expected);
        first.close().await
    }

    pub(crate) fn expected_counts(&self) -> Result<Value> {
        let figures = self.figures()?;
        Ok(json!({
            "households": number(&figures, "households"),
            "reached": number(&figures, "reached"),
            "met": number(&figures, "met_in_person"),
            "complete": number(&figures, "complete"),
            "declined": number(&figures, "declined"),
        }))
    }

    /// A head's laptop is started with the hamlet's list in hand: every household is found again.
    pub(crate) async fn same_list(&mut self, list: &Path, name: &str, words: &str) -> Result<()> {
        let started = Instant::now();
        let mut head = self.open(name, Some(list)).await?;
        self.unlock(&mut head, words).await?;
        // It was started with a list, so that is the page it opens.
        head.until("return document.querySelector('main').innerText.includes('hộ,')").await?;
        head.show("danh-sach-cot").await?;
        head.press(&[Key::Enter]).await?;
        head.until_shown("Hộ đã có").await?;
        head.show("danh-sach-doi-chieu").await?;
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
        self.report.step(&format!("the-same-list-is-known-to-{name}"), started, shown, expected);

        let started = Instant::now();
        head.press(&[Key::Enter]).await?;
        head.tab_to("main input").await?;
        head.type_text("Ông Tư, trưởng thôn").await?;
        head.press(&[Key::Tab]).await?;
        head.type_text("Kế hoạch số 12/KH-UBND").await?;
        head.show("danh-sach-xac-nhan").await?;
        head.press(&[Key::Enter]).await?;
        head.until_shown("Không có hộ nào mới").await?;
        head.show("danh-sach-da-dua-vao").await?;
        let shown = shown_counts(&mut head).await?;
        let expected = self.expected_counts()?;
        self.report.step(&format!("the-same-list-adds-nobody-to-{name}"), started, shown, expected);
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
pub(crate) async fn shown_counts(page: &mut Page) -> Result<Value> {
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
           complete: count(/Đủ mục chính: ([\\d.]+) trên/),
           declined: count(/Không muốn cung cấp: ([\\d.]+) hộ/),
         };",
    )
    .await
}
