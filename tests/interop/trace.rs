//! Traces as the official viewer shows them.

use serde_json::Value;
use std::fs;
use std::process::Command;

const SPEC: &str = r#"
import { test, expect } from '@playwright/test';

test('buys', async ({ page }) => {
  const body = `<h1>Shop</h1><button onclick="document.querySelector('output').value = 'bought'; console.log('paid')">Buy</button><output>nothing</output>`;
  await page.route('**/shop', route => route.fulfill({ contentType: 'text/html', body }));
  await page.goto('http://shop.test/shop');
  await test.step('pay', async () => {
    await page.getByRole('button', { name: 'Buy' }).click();
  });
  console.log('said by the test');
  await test.info().attach('receipt', { body: 'one thing' });
  await expect(page.locator('output')).toHaveText('returned', { timeout: 100 });
});
"#;

#[test]
fn the_official_viewer_shows_all_of_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop.spec.ts"), SPEC).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_understudy"))
        .args(["run", "shop.spec.ts", "--trace", "retain-on-failure"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let viewer = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/trace.mjs"))
        .arg(folder.path().join("test-results/shop-buys/trace.zip"))
        .output()
        .unwrap();
    assert!(viewer.status.success(), "{}", String::from_utf8_lossy(&viewer.stderr));
    let shown: Value = serde_json::from_slice(&viewer.stdout).unwrap();
    let actions = shown["actions"].to_string();
    for action in ["Navigate", "pay", "Click getByRole('button', { name: 'Buy' })", "Expect \\\"toHaveText\\\""] {
        assert!(actions.contains(action), "{action}: {actions}");
    }
    let cases = [
        ("Before", "nothing"),
        ("Action", "nothing"),
        ("After", "bought"),
        ("Log", "performing click action"),
        ("Errors", "Expected: \"returned\" Received: \"bought\""),
        ("Console", "paid"),
        ("Console", "said by the test"),
        ("Network", "shop GET 200 text/html"),
        ("Source", "getByRole('button', { name: 'Buy' }).click()"),
        ("Attachments", "receipt"),
    ];
    for (tab, expected) in cases {
        let text = shown[tab].as_str().unwrap_or_default();
        assert!(text.contains(expected), "{tab} lacks {expected}: {text}");
    }
    assert!(shown["pictures"].as_u64() > Some(0), "{shown}");
    assert_eq!(shown["mistakes"], serde_json::json!([]), "{shown}");
}
