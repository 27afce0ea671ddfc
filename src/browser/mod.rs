//! The only room that knows CDP: launch, supervise, context, page, frame, locator, input.
