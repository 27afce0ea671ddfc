//! `keyboard.…`, `mouse.…`, `touchscreen.…`

use super::{Failure, Operations, Performed, parse};
use crate::browser::input::{Button, ClickOptions};
use crate::browser::screenshot::Rect;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Input {
    page: String,
    key: String,
    text: String,
    delay: f64,
    x: f64,
    y: f64,
    steps: Option<u32>,
    button: Option<String>,
    click_count: Option<u32>,
    delta_x: f64,
    delta_y: f64,
}

impl Input {
    fn button(&self) -> Result<Button, Failure> {
        let name = self.button.as_deref().unwrap_or("left");
        Button::parse(name)
            .ok_or_else(|| Failure::new(format!("button: expected one of (left|right|middle), got {name}")))
    }

    fn delay(&self) -> Option<Duration> {
        (self.delay > 0.0).then(|| Duration::from_secs_f64(self.delay / 1000.0))
    }
}

pub(super) async fn perform(operations: &Operations, name: &str, params: Value) -> Result<Performed, Failure> {
    let input: Input = parse(params)?;
    let page = operations.page(&input.page)?;
    let barrier = page.barrier();
    let (keyboard, mouse) = (page.keyboard(), page.mouse());
    let count = input.click_count.unwrap_or(1);
    let steps = input.steps.unwrap_or(1);
    match name {
        "keyboard.down" => keyboard.down(&input.key).await?,
        "keyboard.up" => keyboard.up(&input.key).await?,
        "keyboard.press" => keyboard.press(&input.key, input.delay()).await?,
        "keyboard.type" => keyboard.type_text(&input.text, input.delay()).await?,
        "keyboard.insertText" => keyboard.insert_text(&input.text).await?,
        "mouse.move" => mouse.move_to(input.x, input.y, steps).await?,
        "mouse.down" => mouse.down(input.button()?, count).await?,
        "mouse.up" => mouse.up(input.button()?, count).await?,
        "mouse.click" => {
            let options = ClickOptions { button: input.button()?, count, delay: input.delay(), steps };
            mouse.click(input.x, input.y, &options).await?;
        }
        "mouse.wheel" => mouse.wheel(input.delta_x, input.delta_y).await?,
        "touchscreen.tap" => page.touchscreen().tap(input.x, input.y).await?,
        _ => return Err(Failure::unknown(name)),
    }
    // Not waited for: the next operation finds the document by itself. Asked for, so that events come before the answer.
    barrier.settle().await?;
    let target = name.starts_with("mouse.").then(|| {
        let (x, y) = mouse.position();
        Rect { x: x - 8.0, y: y - 8.0, width: 16.0, height: 16.0 }
    });
    Ok(Performed::from(Value::Null).showing(&page, target))
}
