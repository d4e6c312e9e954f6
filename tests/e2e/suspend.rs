//! Ctrl-Z, which needs a shell with job control: a program alone in a pseudo-terminal cannot be stopped (it
//! is in an orphaned process group, where the kernel drops the signal). tmux has one.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

struct Tmux(String);

impl Tmux {
    fn run(&self, args: &[&str]) -> Output {
        Command::new("tmux").args(["-L", &self.0, "-f", "/dev/null"]).args(args).output().expect("tmux runs")
    }

    fn keys(&self, keys: &[&str]) {
        let mut args = vec!["send-keys", "-t", "t"];
        args.extend(keys);
        self.run(&args);
    }

    fn wait_for(&self, text: &str) {
        self.wait(text, true);
    }

    fn wait(&self, text: &str, there: bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = self.run(&["capture-pane", "-p", "-t", "t"]).stdout;
            let screen = String::from_utf8_lossy(&screen);
            if screen.contains(text) == there {
                return;
            }
            assert!(Instant::now() < deadline, "{text:?} there: {there}\n{screen}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn ctrl_z_stops_and_fg_comes_back() {
    if Command::new("tmux").arg("-V").output().is_err() {
        println!("skipped: tmux is not installed");
        return;
    }
    let tmux = Tmux(format!("ckpt-tui-test-{}", std::process::id()));
    tmux.run(&["new-session", "-d", "-s", "t", "-x", "100", "-y", "30", "env PS1='shell: ' bash --norc -i"]);
    tmux.wait_for("shell:");
    let binary = env!("CARGO_BIN_EXE_ckpt-tui");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo");
    tmux.keys(&[&format!("{binary} --no-state {folder}"), "Enter"]);
    tmux.wait_for("51 checkpoints");
    tmux.keys(&["C-z"]);
    tmux.wait_for("Stopped");
    tmux.keys(&["echo $((6*7)); stty -a | grep -o ' icanon'", "Enter"]);
    tmux.wait_for("42");
    tmux.wait_for(" icanon");
    tmux.keys(&["bg; echo in the background", "Enter"]);
    tmux.wait_for("in the background");
    tmux.wait("51 checkpoints in", false);
    tmux.keys(&["fg", "Enter"]);
    tmux.wait_for("51 checkpoints");
    tmux.keys(&["/", "o", "v", "e", "r"]);
    tmux.wait_for("of 51");
    tmux.keys(&["Escape"]);
    tmux.wait_for("q quit");
    tmux.keys(&["q"]);
    tmux.wait_for("shell:");
    tmux.wait("51 checkpoints in", false);
}
