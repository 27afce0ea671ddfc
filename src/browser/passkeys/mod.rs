//! Passkeys (`WebAuthn`) of a context without a device: `navigator.credentials` of its pages asks an authenticator of ours.

mod authenticator;

use authenticator::{Asked, Authenticator};
pub use authenticator::{NewPasskey, Passkey};

use super::bridge;
use super::context::BrowserContext;
use super::error::BrowserError;
use super::init_script::InitScript;
use super::script::{CallArg, ExecutionContext};
use super::sync::lock;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Mutex;

/// See there.
static PASSKEYS_JS: &str = include_str!("../js/passkeys.js");

/// What a context has of it.
#[derive(Debug, Default)]
pub(super) struct Passkeys {
    authenticator: Mutex<Authenticator>,
    /// The script that asks it, once it is installed.
    script: Mutex<Option<u64>>,
}

/// What a page asks.
#[derive(Debug, Deserialize)]
pub(super) struct PasskeyCall {
    passkey: Asked,
    seq: u64,
}

impl PasskeyCall {
    /// Answers the document that waits.
    pub(super) fn answer(self, context: ExecutionContext) {
        let Some(page) = context.page().cloned() else { return };
        let answer = lock(&page.context().passkeys().authenticator).answer(self.passkey);
        let told = match answer {
            Ok(answer) => answer,
            Err((name, message)) => json!({ "name": name, "message": message }),
        };
        tokio::spawn(async move {
            let declaration = "function(...all) { globalThis.__understudy_passkeys?.(...all); }";
            let args = [CallArg::Value(json!(self.seq)), CallArg::Value(told)];
            if let Err(error) = context.call(declaration, &args).await {
                tracing::debug!(%error, "nobody waits for a passkey any more");
            }
        });
    }
}

impl BrowserContext {
    /// From now on its pages ask for passkeys here, and not a device.
    ///
    /// # Errors
    /// When the context is gone.
    pub fn install_passkeys(&self) -> Result<(), BrowserError> {
        let mut script = lock(&self.passkeys().script);
        if script.is_some() {
            return Ok(());
        }
        for page in self.pages() {
            page.sessions().iter().for_each(bridge::prepare);
        }
        let source = format!("({PASSKEYS_JS}\n)({})\n//# sourceURL=understudy:passkeys.js", json!(bridge::BINDING));
        *script = Some(self.keep_init_script(InitScript::at_once(&source))?);
        Ok(())
    }

    /// A passkey more.
    ///
    /// # Errors
    /// When it counts what cannot be counted.
    pub fn add_passkey(&self, wished: NewPasskey) -> Result<Passkey, BrowserError> {
        lock(&self.passkeys().authenticator).add(wished)
    }

    /// All of them, those that pages made too.
    pub fn all_passkeys(&self) -> Vec<Passkey> {
        lock(&self.passkeys().authenticator).all().to_vec()
    }

    /// Takes one away.
    pub fn remove_passkey(&self, id: &str) {
        lock(&self.passkeys().authenticator).remove(id);
    }

    /// Puts these in the place of all; without any its next documents ask a device again.
    ///
    /// # Errors
    /// As [`BrowserContext::add_passkey`] and [`BrowserContext::install_passkeys`].
    pub(super) async fn replace_passkeys(&self, wished: &[Value]) -> Result<(), BrowserError> {
        lock(&self.passkeys().authenticator).clear();
        if wished.is_empty() {
            let installed = lock(&self.passkeys().script).take();
            if let Some(script) = installed {
                self.remove_init_script(script).await;
            }
            return Ok(());
        }
        for passkey in wished {
            let passkey = serde_json::from_value(passkey.clone());
            self.add_passkey(passkey.map_err(|error| BrowserError::other(format!("no passkey: {error}")))?)?;
        }
        self.install_passkeys()
    }
}
