//! Landlock: files, TCP and signals are closed by the kernel, for a thread and all that it starts.

use crate::runner::protocol::Walls;
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, RestrictionStatus, Ruleset, RulesetAttr, RulesetError, Scope,
};

/// The newest that this program knows to ask for; an older kernel does what it can of it.
const NEWEST: ABI = ABI::V6;

/// Locks the thread that calls it out of everything that landlock knows.
pub(super) fn lock() -> Walls {
    let abi = match restrict().map(|status| status.landlock) {
        Ok(LandlockStatus::Available { effective_abi, .. }) => effective_abi,
        Ok(LandlockStatus::NotEnabled | LandlockStatus::NotImplemented) | Err(_) => ABI::Unsupported,
    };
    Walls { files: abi >= ABI::V1, network: abi >= ABI::V4, signals: abi >= ABI::V6, calls: false }
}

/// No rule allows anything again.
fn restrict() -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .restrict_self()
}
