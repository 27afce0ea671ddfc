//! Of the room `runner`, what reads sources and messages.

pub use room::{protocol, worker};

#[path = "../../src/runner"]
mod room {
    pub mod protocol;
    pub mod worker {
        mod await_chain;
        mod calls;
        mod commonjs;
        mod count;
        mod exports;
        mod imports;
        mod positions;
        pub mod stack;
        pub mod transform;
        mod uses;
    }
}
