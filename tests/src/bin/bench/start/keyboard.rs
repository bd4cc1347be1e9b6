//! The keyboard of a virtual screen: keys go to the program as from a person's keyboard, through X itself.

use anyhow::{Context, Result};
use x11rb::CURRENT_TIME;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ConnectionExt as _, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// XK_Return; Latin letters have their own numbers.
const RETURN: u32 = 0xff0d;

pub(crate) struct Keyboard {
    screen: RustConnection,
    root: Window,
    /// Of each key in turn, what it means alone.
    meanings: Vec<u32>,
    first_key: u8,
}

impl Keyboard {
    pub(crate) fn of(display: &str) -> Result<Self> {
        let (screen, number) = x11rb::connect(Some(display))?;
        let setup = screen.setup();
        let root = setup.roots.get(number).context("no such screen")?.root;
        let (first_key, last) = (setup.min_keycode, setup.max_keycode);
        let mapping = screen.get_keyboard_mapping(first_key, last - first_key + 1)?.reply()?;
        let columns = usize::from(mapping.keysyms_per_keycode).max(1);
        let meanings = mapping.keysyms.chunks(columns).filter_map(|key| key.first().copied()).collect();
        Ok(Self { screen, root, meanings, first_key })
    }

    /// There is no window manager that would do it.
    pub(crate) fn focus_the_window(&self) -> Result<()> {
        let windows = self.screen.query_tree(self.root)?.reply()?.children;
        for window in windows.into_iter().rev() {
            let attributes = self.screen.get_window_attributes(window)?.reply()?;
            if attributes.map_state == MapState::VIEWABLE {
                self.screen.set_input_focus(InputFocus::PARENT, window, CURRENT_TIME)?.check()?;
                return Ok(());
            }
        }
        anyhow::bail!("no window is open")
    }

    /// Small letters and spaces.
    pub(crate) fn type_text(&self, text: &str) -> Result<()> {
        text.chars().try_for_each(|letter| self.press(letter.into()))
    }

    pub(crate) fn enter(&self) -> Result<()> {
        self.press(RETURN)
    }

    fn press(&self, meaning: u32) -> Result<()> {
        let at = self.meanings.iter().position(|one| *one == meaning).context("a key that is not there")?;
        let key = self.first_key + u8::try_from(at)?;
        for event in [KEY_PRESS_EVENT, KEY_RELEASE_EVENT] {
            self.screen.xtest_fake_input(event, key, CURRENT_TIME, self.root, 0, 0, 0)?.check()?;
        }
        Ok(())
    }
}
