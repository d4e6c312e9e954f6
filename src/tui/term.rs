//! The terminal: taking it over, drawing on it, and giving it back as it was: on quitting, on a panic, on
//! Ctrl-Z and on signals.

use std::io::{self, Stdout, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

use crate::platform;

/// Buttons, wheel, and movement while a button is down, in the SGR encoding. Not `EnableMouseCapture`: that
/// reports every movement of the pointer, which nobody here reads and which floods slow lines. (A console of Windows
/// knows nothing else, and sends nothing over lines.)
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";

/// The terminal is ours: raw, on its alternate screen.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// The thread that draws. Only a panic there ends the program, so only it gives the terminal back.
static UI_THREAD: Mutex<Option<ThreadId>> = Mutex::new(None);

type Hook = dyn Fn(&std::panic::PanicHookInfo<'_>) + Send + Sync;

/// The terminal while it is ours. Dropping it gives it back.
pub struct Term {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    hook_before: Arc<Hook>,
}

impl Term {
    /// Takes the terminal over.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        // Colours are decided by our theme. With NO_COLOR set, crossterm 0.29 would write an empty `CSI m` for
        // each colour change, which resets the attributes the selection is shown with.
        crossterm::style::force_color_output(true);
        *UI_THREAD.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current().id());
        let hook_before: Arc<Hook> = std::panic::take_hook().into();
        let before = Arc::clone(&hook_before);
        std::panic::set_hook(Box::new(move |info| on_panic(info, &*before)));
        let taken = take(mouse);
        let terminal = taken.and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, mouse, hook_before }),
            Err(error) => {
                give_back();
                put_hook_back(hook_before);
                Err(error)
            }
        }
    }

    /// Cells of the screen.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws a frame, shown by the terminal in one go. The real cursor goes to `cursor`, for those who follow
    /// it (screen readers, braille displays), and is seen only while text is typed. Says how large the screen was.
    pub fn draw(
        &mut self,
        draw: impl FnOnce(&mut Frame<'_>) -> super::view::CursorAt,
    ) -> io::Result<(u16, u16)> {
        queue!(io::stdout(), BeginSynchronizedUpdate)?;
        let mut at = super::view::CursorAt::default();
        let drawn = self.terminal.draw(|frame| {
            at = draw(frame);
            if let Some((x, y)) = at.position.filter(|_| at.visible) {
                frame.set_cursor_position((x, y));
            }
        })?;
        let size = (drawn.area.width, drawn.area.height);
        if let Some((x, y)) = at.position.filter(|_| !at.visible) {
            self.terminal.backend_mut().set_cursor_position(Position { x, y })?;
        }
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        Ok(size)
    }

    /// Draws everything again with the next frame.
    pub fn redraw(&mut self) -> io::Result<()> {
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Takes the terminal again after others had it.
    pub fn retake(&mut self) -> io::Result<()> {
        take(self.mouse)?;
        self.redraw()
    }

    /// Stops as any program does under Ctrl-Z, and comes back with `fg`.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        platform::stop()?;
        // In the background (`bg`) the first thing this does, setting the terminal's modes, stops the program
        // again until it has the terminal.
        self.retake()
    }

    /// Lends the terminal to another program, and takes it again.
    ///
    /// # Errors
    /// When it cannot be taken again.
    pub fn lend<T>(&mut self, run: impl FnOnce() -> T) -> io::Result<T> {
        give_back();
        let result = run();
        self.retake()?;
        Ok(result)
    }

    /// Catches the mouse, or leaves it to the terminal.
    pub fn set_mouse(&mut self, caught: bool) -> io::Result<()> {
        self.mouse = caught;
        set_mouse(caught)
    }

    /// Puts text on the clipboard of whoever looks at this terminal, wherever that is (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }
}

impl Drop for Term {
    fn drop(&mut self) {
        give_back();
        *UI_THREAD.lock().unwrap_or_else(PoisonError::into_inner) = None;
        put_hook_back(Arc::clone(&self.hook_before));
    }
}

fn put_hook_back(hook: Arc<Hook>) {
    // Changing the hook while unwinding would panic; the process ends anyway then.
    if !std::thread::panicking() {
        std::panic::set_hook(Box::new(move |info| hook(info)));
    }
}

fn on_panic(info: &std::panic::PanicHookInfo<'_>, before: &Hook) {
    let ui = UI_THREAD.try_lock().ok().and_then(|thread| *thread);
    if ui == Some(std::thread::current().id()) {
        give_back();
        before(info);
        report();
    } else if !TAKEN.load(Ordering::SeqCst) {
        before(info);
    }
    // A worker's panic is caught where the worker runs and becomes a line on the screen. Printing it here
    // would write over the screen.
}

/// Says what to send after a fault that ended the program. Nothing of a file is in it but what the message
/// above says.
fn report() {
    let terminal = std::env::var("TERM").unwrap_or_default();
    let terminal = crate::text::shown(&terminal);
    let system = (std::env::consts::OS, std::env::consts::ARCH);
    let _ = writeln!(
        io::stderr(),
        "\nckpt-tui ended through a fault of its own; no file was changed. Please report it with the message above,\n\
         what was done last, the file if it can be shared, and this line:\n\
         ckpt-tui {}, {} {}, TERM={terminal}; RUST_BACKTRACE=1 adds where it happened",
        env!("CARGO_PKG_VERSION"),
        system.0,
        system.1,
    );
}

fn take(mouse: bool) -> io::Result<()> {
    // First of all: from the background this stops the program before anything was written.
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
    // An old console of Windows has no such thing, and pasted text arrives as keys there.
    let _ = execute!(io::stdout(), EnableBracketedPaste);
    if mouse { set_mouse(true) } else { Ok(()) }
}

fn set_mouse(caught: bool) -> io::Result<()> {
    match (caught, platform::CONSOLE) {
        (true, false) => execute!(io::stdout(), Print(MOUSE_ON)),
        (true, true) => execute!(io::stdout(), EnableMouseCapture),
        (false, _) => execute!(io::stdout(), DisableMouseCapture),
    }
}

/// Gives the terminal back as it was, whatever state it is in. Errors are of no use to anyone here.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // One by one: what a console cannot do must not keep it from the rest.
    let _ = queue!(out, EndSynchronizedUpdate);
    let _ = queue!(out, DisableMouseCapture);
    let _ = queue!(out, DisableBracketedPaste);
    let _ = queue!(out, LeaveAlternateScreen, cursor::Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}
