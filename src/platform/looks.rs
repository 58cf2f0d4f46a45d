//! The style sheet of the later part of the program, which stands in the page as `<link rel=later>` until it is wanted.

use js_sys::Promise;
use leptos::prelude::document;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

/// Begins to fetch it. Where there is none, because it came already or the page was not cut, nothing is waited for.
pub fn fetch() -> Looks {
    let link = document().query_selector("link[rel=later]").ok().flatten();
    let coming = link.as_ref().map(|link| JsFuture::from(load(link)));
    Looks { link, coming }
}

/// A style sheet that is on its way.
pub struct Looks {
    link: Option<Element>,
    coming: Option<JsFuture>,
}

impl Looks {
    /// Waits for it; whether it came. Where it did not it can be fetched again.
    pub async fn came(self) -> bool {
        let Some(coming) = self.coming else { return true };
        let came = coming.await.is_ok();
        if let (true, Some(link)) = (came, self.link) {
            link.remove();
        }
        came
    }
}

/// A link that failed does not try again: each time it is a new one.
fn load(link: &Element) -> Promise {
    Promise::new(&mut |came, failed| {
        let Some(sheet) = new_sheet(link, &came, &failed) else { return };
        if let Some(head) = document().head() {
            let _ = head.append_child(&sheet);
        }
    })
}

fn new_sheet(link: &Element, came: &js_sys::Function, failed: &js_sys::Function) -> Option<Element> {
    let sheet = document().create_element("link").ok()?;
    sheet.set_attribute("rel", "stylesheet").ok()?;
    sheet.set_attribute("href", &link.get_attribute("href")?).ok()?;
    sheet.add_event_listener_with_callback("load", came).ok()?;
    sheet.add_event_listener_with_callback("error", failed).ok()?;
    Some(sheet)
}
