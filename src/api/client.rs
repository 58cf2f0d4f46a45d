//! One request: headers, the envelope, a time limit, and an end when nobody waits any more.

use std::{cell::Cell, rc::Rc, time::Duration};

use gloo_net::http::{Method, RequestBuilder};
use leptos::prelude::set_timeout_with_handle;
use pitlane_api::{BASE_PATH, Envelope, Read, Revision, read_json};
use serde::Serialize;

use super::{ApiError, Refused};
use crate::platform::abort::Abort;
use crate::platform::early;

/// The server's own limit is 30 s; whoever waits longer waits for a proxy.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A request that is being put together.
pub struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Call {
    pub fn get(path: String) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn post(path: String) -> Self {
        Self::new(Method::POST, path)
    }

    pub fn patch(path: String) -> Self {
        Self::new(Method::PATCH, path)
    }

    pub fn delete(path: String) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn new(method: Method, path: String) -> Self {
        Self { method, path, headers: vec![("Accept", "application/json".to_owned())], body: None }
    }

    /// The revision that the person looked at.
    pub fn if_match(mut self, revision: &Revision) -> Self {
        self.headers.push(("If-Match", revision.quoted()));
        self
    }

    /// A repeated request with this key has one effect and one answer.
    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.headers.push(("Idempotency-Key", key.to_owned()));
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.headers.push(("Content-Type", "application/json".to_owned()));
        self.body = serde_json::to_string(body).ok();
        self
    }

    /// Sends it and reads `data`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn data<T: Read>(self) -> Result<T, ApiError> {
        let (status, text) = self.send().await?;
        let envelope: Envelope<T> = read_json(&text).ok_or_else(|| unreadable(status))?;
        match envelope {
            Envelope { success: true, data: Some(data), .. } => Ok(data),
            Envelope { success: true, .. } => Err(ApiError::Decode),
            Envelope { message, error, request_id, .. } => Err(ApiError::Refused(Box::new(Refused::new(status, message, error, request_id)))),
        }
    }

    /// Sends it where only the outcome matters.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn done(self) -> Result<(), ApiError> {
        let (status, text) = self.send().await?;
        if text.is_empty() && status < 400 {
            return Ok(());
        }
        let envelope: Envelope<()> = read_json(&text).ok_or_else(|| unreadable(status))?;
        if envelope.success {
            return Ok(());
        }
        Err(ApiError::Refused(Box::new(Refused::new(status, envelope.message, envelope.error, envelope.request_id))))
    }

    /// Sends it where the answer is text and no envelope. A refusal is an envelope all the same.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn text(self) -> Result<String, ApiError> {
        let (status, text) = self.send().await?;
        if status < 400 {
            return Ok(text);
        }
        let envelope: Envelope<()> = read_json(&text).ok_or_else(|| unreadable(status))?;
        Err(ApiError::Refused(Box::new(Refused::new(status, envelope.message, envelope.error, envelope.request_id))))
    }

    async fn send(self) -> Result<(u16, String), ApiError> {
        // Dropped with this future, so that a page that is left ends its requests.
        let abort = Abort::new();
        let late = Rc::new(Cell::new(false));
        let timer = {
            let (late, trigger) = (late.clone(), abort.trigger());
            set_timeout_with_handle(
                move || {
                    late.set(true);
                    trigger();
                },
                TIMEOUT,
            )
        };
        let outcome = self.fetch(&abort).await;
        if let Ok(timer) = timer {
            timer.clear();
        }
        outcome.map_err(|()| if late.get() { ApiError::Timeout } else { ApiError::Offline })
    }

    async fn fetch(self, abort: &Abort) -> Result<(u16, String), ()> {
        let url = format!("{BASE_PATH}{}", self.path);
        if self.method == Method::GET
            && let Some(answer) = early::answer(&url).await
        {
            return answer;
        }
        let signal = abort.signal();
        let mut request = RequestBuilder::new(&url).method(self.method).abort_signal(signal.as_ref());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = match self.body {
            Some(body) => request.body(body),
            None => request.build(),
        };
        let response = request.map_err(|_| ())?.send().await.map_err(|_| ())?;
        let text = response.text().await.map_err(|_| ())?;
        Ok((response.status(), text))
    }
}

/// An answer without an envelope: a proxy's page, most likely.
fn unreadable(status: u16) -> ApiError {
    match status {
        502..=504 => ApiError::Offline,
        _ => ApiError::Decode,
    }
}
