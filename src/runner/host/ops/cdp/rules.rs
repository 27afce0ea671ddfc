//! Which commands of the protocol a test may send on an agent: those that reach the page and nothing beyond it. What is not named here
//! is refused, so that a command that comes with a newer Chromium is no way out.
//!
//! Left out on purpose: nearly all of `Browser`, `Target`, `Storage`, `SystemInfo`, `Tracing`, `Extensions` and their like see the whole browser, in which other
//! tests have their pages; `IO` reads what those have begun; `Page.setDownloadBehavior`, `DOM.setFileInputFiles` and files that are dragged name files of the machine;
//! `Network.loadNetworkResource` asks with the browser's rights.

use super::Failure;
use crate::browser::leads_inside;
use serde_json::Value;

/// Domains of which every command is a page's own affair.
const DOMAINS: [&str; 20] = [
    "Accessibility",
    "Animation",
    "Audits",
    "CSS",
    "CacheStorage",
    "Console",
    "DOMDebugger",
    "DOMSnapshot",
    "Debugger",
    "HeapProfiler",
    "IndexedDB",
    "LayerTree",
    "Log",
    "Media",
    "Overlay",
    "Performance",
    "PerformanceTimeline",
    "Profiler",
    "ServiceWorker",
    "WebAuthn",
];
/// Commands of the others.
const COMMANDS: [&str; 120] = [
    "Browser.getVersion",
    "DOM.collectClassNamesFromSubtree",
    "DOM.describeNode",
    "DOM.disable",
    "DOM.discardSearchResults",
    "DOM.enable",
    "DOM.focus",
    "DOM.forceShowPopover",
    "DOM.getAttributes",
    "DOM.getBoxModel",
    "DOM.getContainerForNode",
    "DOM.getContentQuads",
    "DOM.getDocument",
    "DOM.getElementByRelation",
    "DOM.getFlattenedDocument",
    "DOM.getFrameOwner",
    "DOM.getNodeForLocation",
    "DOM.getNodeStackTraces",
    "DOM.getOuterHTML",
    "DOM.getQueryingDescendantsForContainer",
    "DOM.getRelayoutBoundary",
    "DOM.getSearchResults",
    "DOM.getTopLayerElements",
    "DOM.hideHighlight",
    "DOM.highlightNode",
    "DOM.markUndoableState",
    "DOM.moveTo",
    "DOM.performSearch",
    "DOM.pushNodeByPathToFrontend",
    "DOM.pushNodesByBackendIdsToFrontend",
    "DOM.querySelector",
    "DOM.querySelectorAll",
    "DOM.redo",
    "DOM.removeAttribute",
    "DOM.removeNode",
    "DOM.requestChildNodes",
    "DOM.requestNode",
    "DOM.resolveNode",
    "DOM.scrollIntoViewIfNeeded",
    "DOM.setAttributeValue",
    "DOM.setAttributesAsText",
    "DOM.setNodeName",
    "DOM.setNodeValue",
    "DOM.setOuterHTML",
    "DOM.undo",
    "DOMStorage.clear",
    "DOMStorage.disable",
    "DOMStorage.enable",
    "DOMStorage.getDOMStorageItems",
    "DOMStorage.removeDOMStorageItem",
    "DOMStorage.setDOMStorageItem",
    "Emulation.*",
    "Fetch.*",
    "Input.cancelDragging",
    "Input.dispatchKeyEvent",
    "Input.dispatchMouseEvent",
    "Input.dispatchTouchEvent",
    "Input.emulateTouchFromMouseEvent",
    "Input.imeSetComposition",
    "Input.insertText",
    "Input.setIgnoreInputEvents",
    "Input.synthesizePinchGesture",
    "Input.synthesizeScrollGesture",
    "Input.synthesizeTapGesture",
    "Network.canClearBrowserCache",
    "Network.clearAcceptedEncodingsOverride",
    "Network.clearBrowserCache",
    "Network.clearBrowserCookies",
    "Network.deleteCookies",
    "Network.disable",
    "Network.emulateNetworkConditions",
    "Network.emulateNetworkConditionsByRule",
    "Network.enable",
    "Network.getAllCookies",
    "Network.getCookies",
    "Network.getRequestPostData",
    "Network.getResponseBody",
    "Network.getSecurityIsolationStatus",
    "Network.overrideNetworkState",
    "Network.replayXHR",
    "Network.searchInResponseBody",
    "Network.setAcceptedEncodings",
    "Network.setBlockedURLs",
    "Network.setBypassServiceWorker",
    "Network.setCacheDisabled",
    "Network.setCookie",
    "Network.setCookies",
    "Network.setExtraHTTPHeaders",
    "Network.setUserAgentOverride",
    "Page.addScriptToEvaluateOnNewDocument",
    "Page.bringToFront",
    "Page.captureScreenshot",
    "Page.captureSnapshot",
    "Page.createIsolatedWorld",
    "Page.disable",
    "Page.enable",
    "Page.getAppManifest",
    "Page.getFrameTree",
    "Page.getLayoutMetrics",
    "Page.getNavigationHistory",
    "Page.getResourceTree",
    "Page.handleJavaScriptDialog",
    "Page.navigate",
    "Page.navigateToHistoryEntry",
    "Page.printToPDF",
    "Page.reload",
    "Page.removeScriptToEvaluateOnNewDocument",
    "Page.screencastFrameAck",
    "Page.setBypassCSP",
    "Page.setDocumentContent",
    "Page.setInterceptFileChooserDialog",
    "Page.setLifecycleEventsEnabled",
    "Page.setWebLifecycleState",
    "Page.startScreencast",
    "Page.stopLoading",
    "Page.stopScreencast",
    "Runtime.*",
    "Schema.getDomains",
    "Security.disable",
    "Security.enable",
];
/// Whether a command may be sent.
pub(super) fn check(method: &str, params: &Value) -> Result<(), Failure> {
    let refused = |why: &str| {
        Err(Failure::new(format!(
            "Protocol error ({method}): not allowed on an agent: {why}. `understudy run` allows it"
        )))
    };
    let domain = method.split_once('.').map_or(method, |(domain, _)| domain);
    let known = DOMAINS.contains(&domain)
        || COMMANDS.iter().any(|command| match command.strip_suffix(".*") {
            Some(all) => all == domain,
            None => *command == method,
        });
    if !known {
        return refused("it reaches beyond the page");
    }
    if method == "Page.navigate" && params["url"].as_str().is_some_and(leads_inside) {
        return refused("the address is one of the machine or of the browser itself");
    }
    if method == "Page.createIsolatedWorld" && params["grantUniveralAccess"] == true {
        return refused("a world with universal access sees other sites");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stays_in_the_page_is_allowed() {
        for (method, params) in [
            ("Runtime.evaluate", json!({})),
            ("Emulation.setCPUThrottlingRate", json!({ "rate": 4 })),
            ("Network.emulateNetworkConditions", json!({})),
            ("Performance.getMetrics", json!({})),
            ("Page.navigate", json!({ "url": "https://example.com/" })),
            ("DOM.getDocument", json!({})),
        ] {
            assert!(check(method, &params).is_ok(), "{method}");
        }
    }

    #[test]
    fn what_reaches_beyond_is_not() {
        for (method, params) in [
            ("Browser.close", json!({})),
            ("Target.getTargets", json!({})),
            ("Target.createTarget", json!({ "url": "about:blank" })),
            ("Storage.getCookies", json!({})),
            ("Network.loadNetworkResource", json!({})),
            ("Page.setDownloadBehavior", json!({})),
            ("DOM.setFileInputFiles", json!({})),
            ("DOM.getFileInfo", json!({})),
            ("Input.dispatchDragEvent", json!({})),
            ("IO.read", json!({})),
            ("Tracing.start", json!({})),
            ("Extensions.loadUnpacked", json!({})),
            ("Page.navigate", json!({ "url": " FILE:///etc/passwd" })),
            ("Page.navigate", json!({ "url": "chrome://settings" })),
            ("Page.createIsolatedWorld", json!({ "grantUniveralAccess": true })),
            ("Nonsense", json!({})),
            ("", json!({})),
        ] {
            assert!(check(method, &params).is_err(), "{method}");
        }
    }
}
