//! One real window, driven by its keyboard: WebKitWebDriver starts the program, keys are pressed as a person
//! presses them and counted, what the page shows is read back, pictures are taken.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tests::display::Display;
use tests::process;

use crate::album::Album;
use crate::patience::{LOOK_AGAIN, PATIENCE, wait_for};

/// More than any page has places to stop at.
const TABS_AT_MOST: u32 = 80;

/// A window over one data folder.
pub(crate) struct Page {
    client: Client,
    driver: Child,
    album: Rc<Album>,
    pub(crate) keys: u32,
}

impl Page {
    /// Starts the program, with arguments and variables of its own.
    pub(crate) async fn open(
        display: &Display,
        arguments: &[&OsStr],
        variables: &[(&str, PathBuf)],
        album: &Rc<Album>,
    ) -> Result<Self> {
        let here = std::env::current_exe()?;
        let program = here.with_file_name("tung-nha");
        let port = free_port()?;
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("DISPLAY", &display.name)
            .env("GDK_SCALE", display.scale.to_string())
            .env_remove("WAYLAND_DISPLAY")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("NO_AT_BRIDGE", "1")
            // Without it, WebKitWebDriver waits for ever for a screenshot of a screen in memory. The other way of
            // drawing, which the program chooses by itself, is shown to open its window in `starts`.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "0")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("WebKitWebDriver")?;
        let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
        let capabilities = json!({ "webkitgtk:browserOptions": { "binary": program, "args": arguments } });
        let client = connect(port, capabilities).await?;
        let page = Self { client, driver, album: Rc::clone(album), keys: 0 };
        page.until("return document.querySelector('h1') !== null && document.fonts.status === 'loaded'")
            .await?;
        Ok(page)
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) async fn press(&mut self, keys: &[Key]) -> Result<()> {
        for key in keys {
            self.type_text(&char::from(*key).to_string()).await?;
        }
        Ok(())
    }

    /// Types a text; each character is a key.
    pub(crate) async fn type_text(&mut self, text: &str) -> Result<()> {
        let mut actions = KeyActions::new("keyboard".into());
        for value in text.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
            self.keys += 1;
        }
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Presses a key while Ctrl is held: one key of the budget.
    pub(crate) async fn ctrl(&mut self, key: Key) -> Result<()> {
        let (held, value) = (char::from(Key::Control), char::from(key));
        let actions = KeyActions::new("keyboard".into())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: held });
        self.keys += 1;
        Ok(self.client.perform_actions(actions).await?)
    }

    /// Puts a text into the focused field at once, as a paste does. One key.
    pub(crate) async fn paste(&mut self, text: &str) -> Result<()> {
        self.keys += 1;
        let script = "const field = document.activeElement;
            const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
            own.set.call(field, arguments[0]);
            field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));";
        self.client.execute(script, vec![json!(text)]).await?;
        Ok(())
    }

    /// Presses Tab until something is reached, as a person without a mouse does.
    pub(crate) async fn tab_to(&mut self, css: &str) -> Result<()> {
        let script = format!("return document.activeElement.matches({})", json!(css));
        for _ in 0..TABS_AT_MOST {
            if self.read(&script).await? == json!(true) {
                return Ok(());
            }
            self.press(&[Key::Tab]).await?;
        }
        self.give_up().await?;
        bail!("no way by Tab to {css}")
    }

    /// Opens a page by its entry at the side.
    pub(crate) async fn go_to(&mut self, hash: &str) -> Result<()> {
        self.tab_to(&format!("nav a[href='{hash}']")).await?;
        self.press(&[Key::Enter]).await?;
        self.until(&format!("return location.hash === {}", json!(hash))).await?;
        Ok(())
    }

    /// What a script of the page returns.
    pub(crate) async fn read(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, vec![]).await?)
    }

    /// Waits until a script returns something true, and returns it.
    pub(crate) async fn until(&self, script: &str) -> Result<Value> {
        let is_true = |found: &Value| !matches!(found, Value::Bool(false)) && found != &json!("");
        self.until_it(script, is_true).await
    }

    /// Waits until a script returns something else than it did before, and returns it.
    pub(crate) async fn until_other(&self, script: &str, before: &Value) -> Result<Value> {
        self.until_it(script, |found| found != before).await
    }

    async fn until_it(&self, script: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        let began = Instant::now();
        loop {
            // A page that is just being replaced has no script to run.
            let found = self.read(script).await.unwrap_or(Value::Null);
            if found != Value::Null && is_it(&found) {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                self.give_up().await?;
                bail!("the page never came further than {found}, by: {script}");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Waits until the page shows a text.
    pub(crate) async fn until_shown(&self, text: &str) -> Result<()> {
        let script = format!("return document.body.innerText.includes({})", json!(text));
        self.until(&script).await.map(drop)
    }

    /// Keeps a picture of the page once it is at rest, and looks at it with axe.
    pub(crate) async fn show(&self, name: &str) -> Result<()> {
        // A page that was not laid out yet has asked for no letters, and so misses none.
        self.until(
            "const faces = [...document.fonts].map(({ status }) => status);
             return document.body.offsetHeight > 0 && document.fonts.status === 'loaded'
               && faces.includes('loaded') && !faces.includes('loading')
               && document.querySelector('.skeleton') === null",
        )
        .await?;
        let found = self.client.execute_async(&self.album.look(), vec![]).await?;
        let found = found.as_array().context("axe said nothing")?;
        self.album.keep(name, &self.client.screenshot().await?, found)
    }

    /// Keeps a picture of where the tour could not go on.
    pub(crate) async fn give_up(&self) -> Result<()> {
        self.album.give_up(&self.client.screenshot().await?)
    }

    /// Loads the page of a visit anew, as after a crash of it, once the program holds a consent: a page that ends
    /// in between loses the last key, and nothing before it.
    pub(crate) async fn reload_once_kept(&self) -> Result<()> {
        let script = "const [done] = arguments;
            const request = { household: location.hash.split('/').pop() };
            window.__TAURI_INTERNALS__
              .invoke('call', { name: 'household', request, progress: '__CHANNEL__:0' })
              .then(({ draft }) => done(Object.keys(JSON.parse(draft)?.draft.consents ?? {}).length > 0),
                () => done(false));";
        let began = Instant::now();
        while self.client.execute_async(script, vec![]).await? != json!(true) {
            if began.elapsed() > PATIENCE {
                bail!("what was said at the door was not kept");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(self.client.refresh().await?)
    }

    /// Addresses outside the program that the page asked for something, ever.
    pub(crate) async fn asked_outside(&self) -> Result<Value> {
        self.read(
            "const own = ['tauri://localhost/', 'ipc://localhost/', 'isolation', 'data:', 'blob:'];
             return performance.getEntriesByType('resource').map(({ name }) => name)
               .filter((name) => !own.some((start) => name.startsWith(start)));",
        )
        .await
    }

    /// Lets the page try to reach an address by every way it has, and waits until each has ended.
    pub(crate) async fn try_to_reach(&self, address: &str) -> Result<()> {
        let script = "const [address, done] = arguments;
            const image = () => new Promise((end) => {
              const one = new Image();
              one.onload = one.onerror = end;
              one.src = address + '/picture.png';
            });
            const beacon = () => { try { navigator.sendBeacon(address, 'x'); } catch { /* refused */ } };
            const socket = () => new Promise((end) => {
              try {
                const one = new WebSocket(address.replace('http', 'ws'));
                one.onopen = one.onerror = one.onclose = end;
              } catch { end(); }
            });
            Promise.allSettled([fetch(address), image(), beacon(), socket()]).then(() => done(true));";
        self.client.execute_async(script, vec![json!(address)]).await?;
        Ok(())
    }

    /// What the content policy refuses of a page that would send a form, take another base address or show a
    /// frame from elsewhere; and whether the frame stands that all commands go through.
    pub(crate) async fn refused_by_policy(&self, address: &str) -> Result<Value> {
        let script = "const [address, done] = arguments;
            const refused = new Set();
            const wanted = 3;
            const end = () => {
              const names = [...document.querySelectorAll('iframe')].map(({ src }) => src.split(':')[0]);
              done({ refused: [...refused].sort(), frames: names.map((name) => name.split('-')[0]) });
            };
            document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
              refused.add(effectiveDirective);
              if (refused.size === wanted) end();
            });
            const form = document.createElement('form');
            form.action = address;
            const base = document.createElement('base');
            base.href = address;
            const frame = document.createElement('iframe');
            frame.src = address;
            document.head.append(base);
            document.body.append(form, frame);
            form.submit();
            for (const one of [base, form, frame]) one.remove();";
        Ok(self.client.execute_async(script, vec![json!(address)]).await?)
    }

    /// The program's process is ended without a word, as by a power cut.
    pub(crate) fn kill(mut self) -> Result<()> {
        let running = self.signal("-9")?;
        self.end_driver();
        if running { Ok(()) } else { bail!("no program runs in this window") }
    }

    /// Whether there was a program to tell.
    fn signal(&self, signal: &str) -> Result<bool> {
        let running = self.processes()?;
        for process in &running {
            Command::new("kill").arg(signal).arg(process).stderr(Stdio::null()).status()?;
        }
        Ok(!running.is_empty())
    }

    /// The driver's programs.
    fn processes(&self) -> Result<Vec<String>> {
        let children = process::children(self.driver.id())?;
        Ok(children.into_iter().filter(|(_, name)| name == "tung-nha").map(|(id, _)| id).collect())
    }

    /// Closes the window, and waits until its program has ended.
    pub(crate) async fn close(mut self) -> Result<()> {
        let closed = tokio::time::timeout(PATIENCE, self.client.clone().close()).await;
        closed.context("the window did not close")?.context("close")?;
        // The driver takes its page away, and on a busy machine leaves the program standing behind it.
        self.signal("-TERM")?;
        wait_for("the program did not end with its window", || {
            Ok(self.processes()?.is_empty().then_some(()))
        })
        .await?;
        self.end_driver();
        Ok(())
    }

    fn end_driver(&mut self) {
        // It may have ended by itself; nothing can be done about either.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.end_driver();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

async fn connect(port: u16, capabilities: Value) -> Result<Client> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    wait_for("WebKitWebDriver does not listen", || Ok(TcpStream::connect(address).ok())).await?;
    let Value::Object(capabilities) = capabilities else { bail!("capabilities") };
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://{address}"))
        .await
        .context("the window does not open")
}
