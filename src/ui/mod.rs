//! Primitives. They know neither the API nor routes nor stores: what they show comes in as props.

mod age;
mod alert;
mod badge;
mod beats;
mod button;
mod chart;
mod chip;
mod command;
mod copy;
mod erase;
mod field;
mod filter;
mod icon;
mod language;
mod live;
mod meter;
mod notice;
mod problem;
mod sheet;
mod skeleton;
mod steps;
mod toast;
mod told;

pub use age::*;
pub use alert::*;
pub use badge::*;
pub use beats::*;
pub use button::*;
pub use chart::*;
pub use chip::*;
pub use command::*;
pub use copy::*;
pub(crate) use erase::view;
pub use erase::*;
pub use field::*;
pub use filter::*;
pub use icon::*;
pub use language::*;
pub use live::*;
pub use meter::*;
pub use notice::*;
pub use problem::*;
pub use sheet::*;
pub use skeleton::*;
pub use steps::*;
pub use toast::*;
pub use told::*;

use std::cell::Cell;

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// An id that nothing else on the page has, to tie a description to a control. Styles never use it.
pub fn unique_id(what: &str) -> String {
    NEXT.with(|next| {
        next.set(next.get().wrapping_add(1));
        format!("{what}-{}", next.get())
    })
}
