//! What the tour keeps of the pages it walks through: numbered pictures, and what axe finds on each.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Where the pages' own copy of axe lies, from the project's folder.
const AXE: &str = "ui/node_modules/axe-core/axe.min.js";

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
             axe.run().then(
               ({{ violations }}) => done([...violations.filter(grave).map(line), ...moves]),
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
        Ok(std::fs::write(self.folder.join("gave-up.png"), png)?)
    }

    /// So many pages were looked at, and this was found on them.
    pub(crate) fn findings(&self) -> (u32, Vec<Value>) {
        (self.taken.get(), self.found.take())
    }
}
