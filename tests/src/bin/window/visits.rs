//! Visits as a member records them: keys only, answering whatever the page asks next.

use std::future::Future;
use std::pin::Pin;

use anyhow::{Result, bail};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::page::Page;

type Done<'p> = Pin<Box<dyn Future<Output = Result<()>> + 'p>>;

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
    const headings = [...document.querySelectorAll('h1, h2')].map(text);
    const group = document.activeElement.closest('[aria-label]');
    return {
      headings,
      several: document.activeElement.closest('[role=group]')?.querySelector('[role=checkbox][aria-checked=true]') != null,
      asked_all: document.body.innerText.includes('Đã hỏi hết'),
      unsaved: document.body.innerText.includes('Chưa lưu được'),
      focus: (group?.getAttribute('aria-label') ?? '') + '|' + text(document.querySelector('[data-cursor]')),
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

/// Enters the chosen door and answers everything it asks with the first answer, to Save. Returns the heading
/// of the last page.
pub(crate) async fn met(
    page: &mut Page,
    picture: impl for<'p> Fn(&'p Page, &'p str) -> Done<'p>,
) -> Result<Value> {
    page.press(&[Key::Enter]).await?;
    at_the_door(page).await?;
    picture(page, "truoc-khi-go-cua").await?;
    let mut pictured = Vec::new();
    let mut state = page.read(STATE).await?;
    page.type_text("1").await?;
    while page.keys < KEYS_AT_MOST {
        state = page.until_other(STATE, &state).await?;
        if state.get("unsaved") == Some(&json!(true)) {
            break;
        }
        let Some((name, key)) = answer(&state) else { return Ok(json!("Nói với gia đình")) };
        if !pictured.contains(&name) {
            pictured.push(name);
            picture(page, name).await?;
        }
        match key {
            "\n" => page.press(&[Key::Enter]).await?,
            key => page.type_text(key).await?,
        }
    }
    page.picture("gave-up").await?;
    bail!("the visit never came to its end: {state}")
}

/// Enters the next door, whose household does not wish to answer.
pub(crate) async fn declined(page: &mut Page) -> Result<Value> {
    page.press(&[Key::Down]).await?;
    page.press(&[Key::Enter]).await?;
    at_the_door(page).await?;
    page.type_text("4").await?;
    page.until("return document.body.innerText.includes('không hỏi lại trong đợt này')").await
}
