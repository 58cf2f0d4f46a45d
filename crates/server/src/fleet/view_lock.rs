//! The lock of the view, which every reader and every change waits for.
//!
//! Rule: whoever holds it copies what it needs and lets go. It is never held across an await; no driver is called, no frame is
//! encoded, and the nodes of a set are not walked through the whole fleet one by one while it is held. Debug builds assert the first two
//! through [`assert_not_held`], so that every test does.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    sync::{RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use super::view::View;

thread_local! {
    /// Guards of a view that this thread holds. They cannot move to another thread.
    static HELD: Cell<u32> = const { Cell::new(0) };
}

/// Fails in debug builds where this thread holds a view. `what`: what it was about to do.
pub(super) fn assert_not_held(what: &str) {
    debug_assert_eq!(HELD.get(), 0, "{what} while the view is locked");
}

struct Held;

impl Held {
    fn new() -> Self {
        HELD.set(HELD.get() + 1);
        Self
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(1));
    }
}

/// A view behind its lock.
pub(super) struct ViewLock(RwLock<View>);

/// The view, to read.
pub(super) struct Reading<'a> {
    view: RwLockReadGuard<'a, View>,
    _held: Held,
}

/// The view, to change.
pub(super) struct Changing<'a> {
    view: RwLockWriteGuard<'a, View>,
    _held: Held,
}

impl ViewLock {
    pub(super) fn new(view: View) -> Self {
        Self(RwLock::new(view))
    }

    pub(super) fn read(&self) -> Reading<'_> {
        loop {
            match self.0.read() {
                Ok(view) => return Reading { view, _held: Held::new() },
                // Somebody panicked in the middle of a change.
                Err(poisoned) => {
                    drop(poisoned);
                    drop(self.write());
                }
            }
        }
    }

    pub(super) fn write(&self) -> Changing<'_> {
        let view = self.0.write().unwrap_or_else(|poisoned| {
            let mut view = poisoned.into_inner();
            view.recover();
            self.0.clear_poison();
            view
        });
        Changing { view, _held: Held::new() }
    }
}

impl Deref for Reading<'_> {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl Deref for Changing<'_> {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl DerefMut for Changing<'_> {
    fn deref_mut(&mut self) -> &mut View {
        &mut self.view
    }
}
