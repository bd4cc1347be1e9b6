//! What the tour keeps of the pages it walks through: numbered pictures, and what axe finds on each.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The picture of where it could not go on.
const GAVE_UP: &str = "gave-up.png";
/// Where the pages' own copy of axe lies, from the project's folder.
const AXE: &str = "ui/node_modules/axe-core/axe.min.js";

/// Text that somebody shall read and cannot: cut off at the side, or by a box that does not scroll. What a box
/// shortens with an ellipsis or folds away for a screen reader alone is meant so.
const CUT: &str = "
    const hides = (of) => of === 'hidden' || of === 'clip';
    const scrolls = (of) => of === 'auto' || of === 'scroll';
    const left_out = '.only-read-aloud, [aria-hidden=true], option, script, style';
    const cut = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const own = text.parentElement;
      if (!text.data.trim() || own.closest(left_out) || getComputedStyle(own).visibility === 'hidden') continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const { left, right, top, bottom, width } = range.getBoundingClientRect();
      if (width === 0) continue;
      let why = '';
      let held = false;
      for (let box = own; box && box !== document.body && !why && !held; box = box.parentElement) {
        const { overflowX, overflowY, textOverflow } = getComputedStyle(box);
        const of = box.getBoundingClientRect();
        const beside = left < of.left - 1 || right > of.right + 1;
        const beyond = top < of.top - 1 || bottom > of.bottom + 1;
        held = textOverflow === 'ellipsis' || (beside && scrolls(overflowX)) || (beyond && scrolls(overflowY));
        if (!held && beside && hides(overflowX)) why = 'cut at the side';
        else if (!held && beyond && hides(overflowY)) why = 'cut below or above';
      }
      const button = own.closest('button')?.getBoundingClientRect();
      if (!held && !why && button && (left < button.left - 1 || right > button.right + 1)) why = 'out of its button';
      if (!held && !why && (left < -1 || right > innerWidth + 1)) why = 'outside the window';
      if (why) cut.push(why + ': ' + text.data.trim().slice(0, 60));
    }
    for (const box of document.querySelectorAll('main, aside, .page, dialog[open]')) {
      if (box.scrollWidth > box.clientWidth + 1) cut.push('scrolls sideways: ' + box.localName + ' ' + box.className);
    }";

/// One tour's pictures and findings, shared by its windows.
#[derive(Debug)]
pub(crate) struct Album {
    folder: PathBuf,
    axe: String,
    taken: Cell<u32>,
    found: RefCell<Vec<Value>>,
}

impl Album {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        for old in std::fs::read_dir(folder)? {
            let old = old?.path();
            // Of an earlier tour, which may have had more or other pages.
            let name = old.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(".png")
                && (name.starts_with(|first: char| first.is_ascii_digit()) || name == GAVE_UP)
            {
                std::fs::remove_file(&old)?;
            }
        }
        let axe = std::fs::read_to_string(AXE).context(AXE)?;
        Ok(Self { folder: folder.to_owned(), axe, taken: Cell::default(), found: RefCell::default() })
    }

    /// The script that looks at the page as it stands, and calls back with one line per serious finding.
    pub(crate) fn look(&self) -> String {
        format!(
            "{};
             const done = arguments[arguments.length - 1];
             const grave = ({{ impact }}) => impact === 'serious' || impact === 'critical';
             const line = ({{ id, nodes }}) => id + ': ' + nodes.map(({{ target }}) => target.join(' ')).join(', ');
             const {{ scrollHeight, scrollWidth }} = document.documentElement;
             const moves = scrollHeight > innerHeight || scrollWidth > innerWidth ? ['the window itself scrolls'] : [];
             {CUT}
             axe.run().then(
               ({{ violations }}) => done([...violations.filter(grave).map(line), ...moves, ...cut]),
               (error) => done(['axe: ' + error.message]));",
            self.axe
        )
    }

    /// Keeps a picture under the next number.
    pub(crate) fn keep(&self, name: &str, png: &[u8], findings: &[Value]) -> Result<()> {
        self.taken.set(self.taken.get() + 1);
        let findings = findings.iter().map(|finding| json!({ "page": name, "finding": finding }));
        self.found.borrow_mut().extend(findings);
        Ok(std::fs::write(self.folder.join(format!("{:02}-{name}.png", self.taken.get())), png)?)
    }

    /// The last picture of a tour that cannot go on.
    pub(crate) fn give_up(&self, png: &[u8]) -> Result<()> {
        Ok(std::fs::write(self.folder.join(GAVE_UP), png)?)
    }

    /// So many pages were looked at, and this was found on them.
    pub(crate) fn findings(&self) -> (u32, Vec<Value>) {
        (self.taken.get(), self.found.take())
    }
}
