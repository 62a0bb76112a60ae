//! A real Chromium without a window, driven over its debugging pipe: JSON messages that end in a zero byte, over standard input
//! and output. No other program, no port.
#![allow(dead_code, reason = "each test program uses what it needs")]
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// One browser with one page, and a profile of its own that goes with it.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
    session: Option<String>,
    events: VecDeque<Value>,
    /// Addresses that were asked for since the last look.
    pub asked: Vec<String>,
    /// What the browser complained of: scripts, policy, dialogs.
    pub complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

/// The Chromium of this machine: `MUSUBI_CHROMIUM`, or the first of the usual names.
pub fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("MUSUBI_CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()))
}

impl Browser {
    /// Opens a browser; none, and a loud word, if this machine has none. `MUSUBI_NEED_BROWSER=1` makes that a failure.
    pub fn open(test: &str) -> Option<Self> {
        let Some(program) = find() else {
            assert!(
                std::env::var_os("MUSUBI_NEED_BROWSER").is_none(),
                "no Chromium found: install it (Debian: apt install chromium fonts-noto-cjk) or set MUSUBI_CHROMIUM"
            );
            eprintln!(
                "SKIPPED {test}: no Chromium here. Install it (Debian: chromium, fonts-noto-cjk) to run this check."
            );
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        let flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe";
        // The pipe is file 3 and 4 of the browser.
        let script =
            format!("exec \"$0\" {flags} --user-data-dir=\"$1\" about:blank 3<&0 4>&1 1>/dev/null 2>/dev/null");
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(program)
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let output = BufReader::new(output);
        let mut browser = Self {
            child,
            input,
            output,
            next: 0,
            session: None,
            events: VecDeque::new(),
            asked: Vec::new(),
            complaints: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let session = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Network.enable", "Log.enable", "Runtime.enable"] {
            browser.call(domain, json!({}));
        }
        Some(browser)
    }
    /// Asks the browser for something and waits for its answer.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("the browser listens");
        loop {
            let answer = self.read();
            if answer["id"] == json!(id) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.note(answer);
        }
    }
    /// Goes to a page without waiting for it.
    pub fn start(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": url }));
    }
    /// Waits until the page is there whole.
    pub fn loaded(&mut self) {
        loop {
            if let Some(event) = self.events.pop_front() {
                if event["method"] == json!("Page.loadEventFired") {
                    return;
                }
                continue;
            }
            let event = self.read();
            self.note(event);
        }
    }
    /// Goes to a page and waits for all of it.
    pub fn go(&mut self, url: &str) {
        self.start(url);
        self.loaded();
    }
    /// The width and height of the window.
    pub fn size(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }
    /// Paper or screen, and what the system prefers.
    pub fn media(&mut self, media: &str, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.call("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    }
    /// What an expression is on this page. It is the browser that asks; pages themselves have no script.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }
    /// What a promise comes to.
    pub fn later(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }
    /// Keeps a cookie for a host.
    pub fn keep_cookie(&mut self, url: &str, cookie: &str) {
        let (name, value) = cookie.split_once('=').expect("a cookie");
        self.call("Network.setCookie", json!({ "url": url, "name": name, "value": value }));
    }
    /// Drags the pointer along these points, as a finger or pen does.
    pub fn drag(&mut self, points: &[(f64, f64)]) {
        for (index, (x, y)) in points.iter().enumerate() {
            let kind = if index == 0 { "mousePressed" } else { "mouseMoved" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
        let (x, y) = points.last().expect("a point");
        self.call("Input.dispatchMouseEvent", json!({ "type": "mouseReleased", "x": x, "y": y, "button": "left" }));
    }
    /// A text that an expression is.
    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }
    /// Presses a key.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", event);
        }
    }
    /// The window as a PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png", "optimizeForSpeed": false }));
        data_encoding::BASE64.decode(answer["data"].as_str().unwrap_or_default().as_bytes()).expect("base64")
    }
    fn read(&mut self) -> Value {
        let mut bytes = Vec::new();
        let count = self.output.read_until(0, &mut bytes).expect("the browser speaks");
        assert!(count > 0, "the browser ended early");
        bytes.pop();
        serde_json::from_slice(&bytes).expect("JSON")
    }
    fn note(&mut self, event: Value) {
        let params = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                self.asked.push(params["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            "Log.entryAdded" => self.complaints.push(params["entry"]["text"].to_string()),
            "Runtime.exceptionThrown" | "Page.javascriptDialogOpening" => self.complaints.push(params.to_string()),
            _ => {}
        }
        self.events.push_back(event);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
