//! The loop: wait for an event, change the model, draw.
//!
//! There is no tick. The loop sleeps in the channel until something arrives; what a person does is drawn at
//! once, what jobs bring at most every 16 ms, and only while a job runs does a timer turn the spinner.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::action::{Action, Effect};
use super::event::Event;
use super::keymap;
use super::model::Model;
use super::update::update;

/// Time between two frames drawn for jobs,
const FRAME: Duration = Duration::from_millis(16);
/// and so many times what the last of them cost, so that most of the time is left for the jobs,
const SHARE: u32 = 4;
/// but no more than this.
const LONGEST: Duration = Duration::from_millis(250);
/// Time between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);
/// Time spent on taking events in before the screen is drawn.
const INTAKE: Duration = Duration::from_millis(6);

/// The screen, and what else effects reach outside: a terminal, or a test.
pub trait Screen {
    /// Draws the model, and says how large the screen was then.
    fn draw(&mut self, model: &Model) -> io::Result<(u16, u16)>;
    /// Runs an effect that is not the loop's own business.
    fn run(&mut self, effect: Effect) -> io::Result<()>;
    /// The program was stopped and goes on.
    fn resumed(&mut self) -> io::Result<()>;
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The person quit.
    Quit,
    /// A signal asked for it.
    Signal(i32),
    /// The terminal, or every sender of events, is gone.
    Closed,
}

/// Runs until the person quits, or the channel closes.
pub fn run(model: &mut Model, events: &Receiver<Event>, screen: &mut dyn Screen) -> io::Result<Exit> {
    let mut pace = Pace { drawn: Instant::now(), pause: FRAME, ticked: Instant::now(), dirty: false };
    pace.draw(model, screen)?;
    loop {
        let event = match pace.wait(model, events) {
            Ok(event) => event,
            Err(RecvTimeoutError::Timeout) => {
                pace.draw(model, screen)?;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(Exit::Closed),
        };
        let started = Instant::now();
        let mut urgent = false;
        let mut next = Some(event);
        while let Some(event) = next {
            urgent |= event.is_input();
            if let Some(exit) = handle(model, event, screen, &mut pace.dirty)? {
                return Ok(exit);
            }
            next = if started.elapsed() < INTAKE { events.try_recv().ok() } else { None };
        }
        if pace.dirty && (urgent || pace.drawn.elapsed() >= pace.pause) {
            pace.draw(model, screen)?;
        }
    }
}

fn handle(
    model: &mut Model,
    event: Event,
    screen: &mut dyn Screen,
    dirty: &mut bool,
) -> io::Result<Option<Exit>> {
    match event {
        Event::Terminate(signal) => return Ok(Some(Exit::Signal(signal))),
        Event::Closed => return Ok(Some(Exit::Closed)),
        Event::Resumed => screen.resumed()?,
        _ => {}
    }
    let Some(action) = keymap::action(model, event) else { return Ok(None) };
    *dirty = true;
    for effect in update(model, action) {
        if matches!(effect, Effect::Quit) {
            return Ok(Some(Exit::Quit));
        }
        screen.run(effect)?;
    }
    Ok(None)
}

struct Pace {
    drawn: Instant,
    /// Time from that to the next frame for a job.
    pause: Duration,
    ticked: Instant,
    dirty: bool,
}

impl Pace {
    /// The next event, or a timeout when it is time to draw.
    fn wait(&self, model: &Model, events: &Receiver<Event>) -> Result<Event, RecvTimeoutError> {
        let deadline = match (self.dirty, model.jobs.is_busy()) {
            (true, _) => self.drawn + self.pause,
            (false, true) => self.ticked + TICK,
            (false, false) => return events.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        events.recv_deadline(deadline)
    }

    fn draw(&mut self, model: &mut Model, screen: &mut dyn Screen) -> io::Result<()> {
        if model.jobs.is_busy() && self.ticked.elapsed() >= TICK {
            update(model, Action::Tick);
            self.ticked = Instant::now();
        }
        let began = Instant::now();
        if model.home.is_stale() {
            for effect in update(model, Action::Settle) {
                screen.run(effect)?;
            }
        }
        let size = screen.draw(model)?;
        if size != model.size {
            // The news of a new size came before anybody listened.
            update(model, Action::Resize(size.0, size.1));
            screen.draw(model)?;
        }
        self.pause = (began.elapsed() * SHARE).clamp(FRAME, LONGEST);
        self.drawn = Instant::now();
        self.dirty = false;
        Ok(())
    }
}
