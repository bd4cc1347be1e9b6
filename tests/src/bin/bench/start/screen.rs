//! When a screen has come to show what it goes on showing.

use std::time::{Duration, Instant};

use ::tests::display::View;
use anyhow::{Result, bail};

/// A look takes some 0.2 ms of a processor.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Close enough that every line of text is seen.
const EVERY_LINE: usize = 4;
/// So long without a change, and it is at rest. Far longer than any pause in between that was ever seen.
const AT_REST: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(120);
/// Of a thousand pixels, so many may go on changing: a caret that blinks.
const PER_THOUSAND: f64 = 1.0;

type Picture = Vec<[u8; 4]>;

/// Looks until the screen is at rest again after it changed; the moment from which it never differed from how it
/// then was, as a person sees it. `since`: looked at before anything was asked.
pub(crate) fn at_rest(view: &mut View, since: Picture) -> Result<Instant> {
    let began = Instant::now();
    let mut seen: Vec<(Instant, Picture)> = vec![(began, since)];
    loop {
        let now = view.every_line(EVERY_LINE)?;
        let looked = Instant::now();
        if let Some((at, last)) = seen.last() {
            if differ(last, &now) {
                seen.push((looked, now));
            } else if seen.len() > 1 && at.elapsed() > AT_REST {
                break;
            }
        }
        if began.elapsed() > PATIENCE {
            bail!("the screen never came to rest; it changed {} times", seen.len() - 1);
        }
        std::thread::park_timeout(LOOK_AGAIN);
    }
    let Some((_, last)) = seen.last() else { bail!("nothing was seen") };
    let before = seen.iter().rposition(|(_, picture)| differ(picture, last)).unwrap_or(0);
    let Some((shown, _)) = seen.get(before + 1) else { bail!("nothing changed") };
    Ok(*shown)
}

/// How it looks now.
pub(crate) fn look(view: &mut View) -> Result<Picture> {
    view.every_line(EVERY_LINE)
}

fn differ(one: &[[u8; 4]], other: &[[u8; 4]]) -> bool {
    per_thousand(one, other) > PER_THOUSAND
}

/// Of a thousand pixels, how many are not the same.
pub(crate) fn per_thousand(one: &[[u8; 4]], other: &[[u8; 4]]) -> f64 {
    let pixels = one.iter().zip(other).filter(|(one, other)| one != other).count();
    pixels as f64 * 1_000.0 / one.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_is_no_difference_and_a_word_is_one() {
        let blank = vec![[0; 4]; 10_000];
        let with = |pixels: usize| {
            let mut picture = blank.clone();
            picture.iter_mut().take(pixels).for_each(|pixel| *pixel = [9; 4]);
            picture
        };
        assert!(!differ(&blank, &with(10)));
        assert!(differ(&blank, &with(11)));
    }
}
