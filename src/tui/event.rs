//! What arrives from outside: keys, mouse, size, signals, and what jobs bring. All in one channel.
//!
//! The only file besides [`super::term`] that knows the terminal library. Its events become our own here,
//! so that it can be replaced, and so that tests can send the same ones.

use std::panic::{AssertUnwindSafe, catch_unwind};

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::Sender;
use crossterm::event::{self as from, KeyCode, KeyEventKind, KeyModifiers, MouseEventKind};

use super::action::Action;
use super::key::{Code, Key};
use crate::platform::{self, Signal};

/// Something that arrived.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The left button was pressed on a cell.
    Click(u16, u16),
    /// The mouse moved to a cell with its left button down.
    Drag(u16, u16),
    /// The wheel was turned on a cell, by so many rows.
    Wheel(u16, u16, isize),
    /// The screen has a new size.
    Resize(u16, u16),
    /// A job brings something.
    Job(Action),
    /// The program was stopped and goes on: the terminal may have been used by others meanwhile.
    Resumed,
    /// The program was asked to end, by this signal.
    Terminate(i32),
    /// No more keys will come: the terminal is gone.
    Closed,
}

impl Event {
    /// Came from the person: to be answered at once.
    pub fn is_input(&self) -> bool {
        !matches!(self, Self::Job(_))
    }
}

/// Rows one notch of the wheel scrolls.
const NOTCH: isize = 3;

/// Sends what the terminal reports into `events`, from a thread of its own, until the receiver is gone.
pub fn listen(events: Sender<Event>) -> std::io::Result<()> {
    let keys = events.clone();
    std::thread::Builder::new().name("input".to_owned()).spawn(move || read_input(&keys))?;
    platform::on_signals(move |signal| {
        if matches!(signal, Signal::Terminate(number) if crate::platform::is_of_keyboard(number))
            && GATE.is_closed()
        {
            return true;
        }
        let event = match signal {
            Signal::Resumed => Event::Resumed,
            Signal::Terminate(number) => Event::Terminate(number),
        };
        events.send(event).is_ok()
    })
}

/// Whether keys are for another program: asked before each read from the terminal.
struct Gate {
    state: Mutex<Closed>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closed {
    /// Keys are ours.
    No,
    /// They are to be another program's, as soon as the reader is out of its read.
    Asked,
    /// Nothing is read from the terminal.
    Yes,
}

static GATE: Gate = Gate { state: Mutex::new(Closed::No), changed: Condvar::new() };
/// The reader is waited for so long; it may be waiting itself, for a channel that is full.
const PATIENCE: Duration = Duration::from_millis(500);

/// Nothing is read from the terminal as long as this lives.
#[must_use]
pub struct Paused(());

/// Stops reading from the terminal, which another program is to have, and waits until that is so. Meanwhile Ctrl-C is
/// for that program.
pub fn pause() -> Paused {
    let mut state = GATE.state.lock().unwrap_or_else(PoisonError::into_inner);
    *state = Closed::Asked;
    // The reader sleeps in the system: a change of size that is none wakes it.
    crate::platform::wake_reader();
    let is_waiting = |state: &mut Closed| *state == Closed::Asked;
    drop(GATE.changed.wait_timeout_while(state, PATIENCE, is_waiting));
    Paused(())
}

impl Drop for Paused {
    fn drop(&mut self) {
        *GATE.state.lock().unwrap_or_else(PoisonError::into_inner) = Closed::No;
        GATE.changed.notify_all();
    }
}

impl Gate {
    /// Waits while keys are for another program.
    fn pass(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while *state != Closed::No {
            *state = Closed::Yes;
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn is_closed(&self) -> bool {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) != Closed::No
    }
}

fn read_input(events: &Sender<Event>) {
    loop {
        GATE.pass();
        // The parser of mouse reports can panic on malformed ones; the report is lost then, and nothing else.
        let event = match catch_unwind(AssertUnwindSafe(from::read)) {
            Ok(Ok(event)) => convert(event),
            Ok(Err(_)) => Some(Event::Closed),
            Err(_) => None,
        };
        let last = matches!(event, Some(Event::Closed));
        if event.is_some_and(|event| events.send(event).is_err()) || last {
            return;
        }
    }
}

/// The terminal library's event as ours; `None` for what means nothing to us.
fn convert(event: from::Event) -> Option<Event> {
    match event {
        from::Event::Key(key) if key.kind == KeyEventKind::Release => None,
        from::Event::Key(key) => convert_key(key).map(Event::Key),
        from::Event::Paste(text) => Some(Event::Paste(text)),
        from::Event::Resize(width, height) => Some(Event::Resize(width, height)),
        from::Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(from::MouseButton::Left) => Some(Event::Click(mouse.column, mouse.row)),
            MouseEventKind::Drag(from::MouseButton::Left) => Some(Event::Drag(mouse.column, mouse.row)),
            MouseEventKind::ScrollDown => Some(Event::Wheel(mouse.column, mouse.row, NOTCH)),
            MouseEventKind::ScrollUp => Some(Event::Wheel(mouse.column, mouse.row, -NOTCH)),
            _ => None,
        },
        from::Event::FocusGained | from::Event::FocusLost => None,
    }
}

fn convert_key(key: from::KeyEvent) -> Option<Key> {
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let code = match key.code {
        KeyCode::Char(c) => {
            shift = false;
            Code::Char(c)
        }
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Tab => Code::Tab,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(Key { code, ctrl, alt: key.modifiers.contains(KeyModifiers::ALT), shift })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_is_part_of_a_character_and_beside_other_keys() {
        let key = |code, modifiers| convert_key(from::KeyEvent::new(code, modifiers)).unwrap().to_string();
        assert_eq!(key(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(key(KeyCode::BackTab, KeyModifiers::SHIFT), "Shift-Tab");
        assert_eq!(key(KeyCode::Char('d'), KeyModifiers::CONTROL), "Ctrl-d");
    }

    #[test]
    fn a_released_key_is_no_second_press() {
        let mut key = from::KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert!(convert(from::Event::Key(key)).is_none());
    }
}
