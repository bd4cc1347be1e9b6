//! Visits as a member records them: keys only, answering whatever the page asks next.

use anyhow::{Result, bail};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::page::Page;

/// Far more than any household needs; a page that asks for ever ends the tour.
const KEYS_AT_MOST: u32 = 120;

/// Waits for *Hôm nay*.
pub(crate) async fn at_today(page: &mut Page) -> Result<()> {
    page.until("return ['', '#/'].includes(location.hash) && document.querySelector('main')?.innerText.includes('Ngõ')")
        .await?;
    Ok(())
}

/// What the page asks for now: its headings, whether something was asked of everybody, the row in turn, and
/// whether a Save was refused.
const STATE: &str = "const text = (one) => one?.innerText ?? '';
    const cursor = document.querySelector('[data-cursor]');
    // The focus follows the cursor a moment later; between the two nothing is asked for.
    if (cursor && !cursor.contains(document.activeElement)) return null;
    if (document.body.innerText.includes('Đang lưu…')) return null;
    const headings = [...document.querySelectorAll('main h1, main h2')].map(text);
    const group = document.activeElement.closest('[aria-label]');
    return {
      headings,
      several: document.activeElement.closest('[role=group]')?.querySelector('[role=checkbox][aria-checked=true]') != null,
      asked_all: document.body.innerText.includes('Đã hỏi hết'),
      unsaved: document.body.innerText.includes('Chưa lưu được'),
      focus: (group?.getAttribute('aria-label') ?? '') + '|' + text(cursor),
    };";

/// The visit's page is there and listens to keys: its cursor is on it.
async fn at_the_door(page: &Page) -> Result<()> {
    let there =
        "return location.hash.startsWith('#/nha/') && document.querySelector('h2[data-cursor]') !== null
        && document.querySelector('h2[data-cursor]').contains(document.activeElement)";
    page.until(there).await.map(drop)
}

fn says(state: &Value, words: &str) -> bool {
    let mut headings = state.get("headings").and_then(Value::as_array).into_iter().flatten();
    headings.any(|one| one.as_str().is_some_and(|heading| heading.contains(words)))
}

/// What to do where the page asks for this, and the picture's name; `None` where the visit has ended.
fn answer(state: &Value) -> Option<(&'static str, &'static str)> {
    let is = |key: &str| state.get(key) == Some(&json!(true));
    const ENTER: &str = "\n";
    Some(if says(state, "Nói với gia đình") {
        return None;
    } else if says(state, "Ai đang trả lời?") {
        ("ai-tra-loi", ENTER)
    } else if says(state, "Đọc cho gia đình nghe") {
        ("dong-y", "1")
    } else if says(state, "Nhà mình vẫn") {
        ("van-nhu-cu", ENTER)
    } else if says(state, "hay chỉ cho mọi người") {
        ("ai-hay-chi", "1")
    } else if is("several") {
        // A row that takes several answers waits for Enter.
        ("nhieu-tra-loi", ENTER)
    } else if is("asked_all") {
        ("da-hoi-het", ENTER)
    } else {
        ("tra-loi", "1")
    })
}

/// Chooses the nearest door with so many people that nobody came to yet, by keys: down the alley, then the next alley.
/// Returns its place in the alley.
pub(crate) async fn choose_door(page: &mut Page, people: u64, alleys_on: u64) -> Result<usize> {
    for _ in 0..alleys_on {
        next_alley(page).await?;
    }
    for _ in 0..ALLEYS_AT_MOST {
        let doors = page.read(DOORS).await?;
        let doors: Vec<u64> = doors.as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        if let Some(at) = doors.iter().position(|count| *count == people)
            && doors.len() > ENOUGH_DOORS
        {
            walk_to(page, at).await?;
            return Ok(at);
        }
        next_alley(page).await?;
    }
    page.give_up().await?;
    bail!("no household of {people}")
}

/// How many live behind each door of the alley that nobody came to yet; behind the others nobody is counted.
const DOORS: &str = "return [...document.querySelectorAll('main ol > li')]
    .map(({ innerText }) => Number(/Chưa đến/.test(innerText) && /([0-9]+) người/.exec(innerText)?.[1]) || 0);";
const CHOSEN: &str = "return [...document.querySelectorAll('main ol > li')]
    .findIndex((one) => one.classList.contains('here'));";
/// More than any hamlet of the lists has.
const ALLEYS_AT_MOST: u32 = 40;
/// One to meet, one absent, one that declines.
const ENOUGH_DOORS: usize = 3;

async fn next_alley(page: &mut Page) -> Result<()> {
    let alley = "return document.querySelector('main [aria-pressed=true]')?.innerText ?? ''";
    let before = page.read(alley).await?;
    page.type_text("]").await?;
    page.until_other(alley, &before).await.map(drop)
}

/// What stands at each door of the alley.
pub(crate) async fn outcomes(page: &mut Page) -> Result<Vec<String>> {
    let doors = page
        .read("return [...document.querySelectorAll('main ol > li')].map((one) => one.innerText)")
        .await?;
    Ok(serde_json::from_value(doors)?)
}

/// Down the alley, door by door.
pub(crate) async fn walk_to(page: &mut Page, door: usize) -> Result<()> {
    let mut here = page.read(CHOSEN).await?;
    while here != json!(door) {
        page.press(&[Key::Down]).await?;
        here = page.until_other(CHOSEN, &here).await?;
    }
    Ok(())
}

/// Enters the chosen door and answers everything it asks with the first answer, to Save. Returns how many keys
/// that took from the door on, Save included.
pub(crate) async fn met(page: &mut Page) -> Result<u32> {
    match at_the_next_door(page).await? {
        (End::Saved, keys) => {
            page.show("noi-voi-gia-dinh").await?;
            Ok(keys)
        }
        (End::Refused, _) => {
            page.give_up().await?;
            bail!("Save was refused")
        }
    }
}

/// The same where Save must be refused.
pub(crate) async fn not_saved(page: &mut Page) -> Result<()> {
    match at_the_next_door(page).await? {
        (End::Refused, _) => Ok(()),
        (End::Saved, _) => bail!("Save was not refused"),
    }
}

/// How Save ended.
enum End {
    Saved,
    Refused,
}

async fn at_the_next_door(page: &mut Page) -> Result<(End, u32)> {
    page.press(&[Key::Enter]).await?;
    at_the_door(page).await?;
    page.show("truoc-khi-go-cua").await?;
    let mut shown = Vec::new();
    let mut state = page.read(STATE).await?;
    page.keys = 0;
    page.type_text("1").await?;
    while page.keys < KEYS_AT_MOST {
        state = page.until_other(STATE, &state).await?;
        if state.get("unsaved") == Some(&json!(true)) {
            return Ok((End::Refused, page.keys));
        }
        let Some((name, key)) = answer(&state) else { return Ok((End::Saved, page.keys)) };
        if !shown.contains(&name) {
            shown.push(name);
            page.show(name).await?;
        }
        match key {
            "\n" => page.press(&[Key::Enter]).await?,
            key => page.type_text(key).await?,
        }
    }
    page.give_up().await?;
    bail!("the visit never came to its end: {state}")
}

/// Enters the same door on another evening: everything is as it was. Returns the keys, from the door to the
/// next one.
pub(crate) async fn unchanged(page: &mut Page) -> Result<u32> {
    page.press(&[Key::Enter]).await?;
    at_the_door(page).await?;
    page.show("nha-da-biet").await?;
    let mut state = page.read(STATE).await?;
    page.keys = 0;
    page.type_text("1").await?;
    loop {
        state = page.until_other(STATE, &state).await?;
        match answer(&state) {
            None => break,
            Some(("tra-loi" | "da-hoi-het" | "nhieu-tra-loi", _)) => {
                page.show("nhu-lan-truoc").await?;
                page.ctrl(Key::Enter).await?;
            }
            // The last answer is where the cursor stands.
            Some(_) if page.keys < KEYS_AT_MOST => page.press(&[Key::Enter]).await?,
            Some(_) => {
                page.give_up().await?;
                bail!("the visit never came to its end: {state}")
            }
        }
    }
    page.press(&[Key::Enter]).await?;
    at_today(page).await?;
    Ok(page.keys)
}

/// Enters the chosen door, where one agrees, and has the page loaded anew. What it asks before and after, with
/// nobody unlocking anything; what was said is dropped then.
pub(crate) async fn asked_across_a_reload(page: &mut Page) -> Result<(Value, Value)> {
    page.press(&[Key::Enter]).await?;
    at_the_door(page).await?;
    page.type_text("1").await?;
    page.until_shown("Ai đang trả lời?").await?;
    page.press(&[Key::Enter]).await?;
    page.until_shown("Đọc cho gia đình nghe").await?;
    let agreed = "return document.querySelectorAll('main [role=radio][aria-checked=true]').length > 0
        || !document.body.innerText.includes('Đọc cho gia đình nghe')";
    page.type_text("1").await?;
    page.until(agreed).await?;
    let before = page.until(STATE).await?;
    page.reload_once_kept().await?;
    page.until("return document.querySelector('[data-cursor]')?.contains(document.activeElement)").await?;
    let after = page.until(STATE).await?;
    let dialog = "return document.querySelector('dialog[open]') !== null";
    while page.read(dialog).await? != json!(true) && page.keys < KEYS_AT_MOST {
        page.press(&[Key::Escape]).await?;
    }
    page.tab_to("dialog[open] .danger").await?;
    page.press(&[Key::Enter]).await?;
    at_today(page).await?;
    Ok((before, after))
}

/// Enters the next door, whose household does not wish to answer.
pub(crate) async fn declined(page: &mut Page) -> Result<()> {
    page.press(&[Key::Down]).await?;
    page.press(&[Key::Enter]).await?;
    at_the_door(page).await?;
    page.type_text("4").await?;
    page.until("return document.body.innerText.includes('không hỏi lại trong đợt này')").await.map(drop)
}
