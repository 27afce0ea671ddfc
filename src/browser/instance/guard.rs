//! What its pages are kept from.

use super::super::warden::Warden;
use super::Browser;
use std::sync::Arc;

impl Browser {
    /// Who stands between it and the network.
    pub(in crate::browser) fn warden(&self) -> Option<Arc<dyn Warden>> {
        self.0.warden.clone()
    }

    /// Whether its pages are kept out of the machine's files and of the browser's own pages.
    pub(in crate::browser) fn keeps_out(&self) -> bool {
        self.0.keeps_out
    }
}
