//! What is shared within a hub as it goes from hub to hub. Of words, those of sessions go: no others are kept.

use crate::dialect::hub::{Order, Report, Word};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::VecDeque;
use std::sync::Arc;

/// Words in order.
pub(super) mod words {
    use super::*;

    pub(in crate::hub) fn serialize<S: Serializer>(
        words: &VecDeque<Arc<Word>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(words.iter().filter_map(|word| word.report()))
    }

    pub(in crate::hub) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<VecDeque<Arc<Word>>, D::Error> {
        let reports = Vec::<Report>::deserialize(deserializer)?;
        Ok(reports.into_iter().map(|report| Arc::new(Word::Session(report))).collect())
    }
}

/// One word, or none.
pub(super) mod word {
    use super::*;

    pub(in crate::hub) fn serialize<S: Serializer>(word: &Option<Arc<Word>>, serializer: S) -> Result<S::Ok, S::Error> {
        word.as_ref().and_then(|word| word.report()).serialize(serializer)
    }

    pub(in crate::hub) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<Word>>, D::Error> {
        let report = Option::<Report>::deserialize(deserializer)?;
        Ok(report.map(|report| Arc::new(Word::Session(report))))
    }
}

/// An order.
pub(super) mod order {
    use super::*;

    pub(in crate::hub) fn serialize<S: Serializer>(order: &Arc<Order>, serializer: S) -> Result<S::Ok, S::Error> {
        order.as_ref().serialize(serializer)
    }

    pub(in crate::hub) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Order>, D::Error> {
        Order::deserialize(deserializer).map(Arc::new)
    }
}

/// Orders in order.
pub(super) mod orders {
    use super::*;

    pub(in crate::hub) fn serialize<S: Serializer>(orders: &[Arc<Order>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(orders.iter().map(|order| order.as_ref()))
    }

    pub(in crate::hub) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Arc<Order>>, D::Error> {
        Ok(Vec::<Order>::deserialize(deserializer)?.into_iter().map(Arc::new).collect())
    }
}

/// One order, or none.
pub(super) mod maybe_order {
    use super::*;

    pub(in crate::hub) fn serialize<S: Serializer>(
        order: &Option<Arc<Order>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        order.as_deref().serialize(serializer)
    }

    pub(in crate::hub) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<Order>>, D::Error> {
        Ok(Option::<Order>::deserialize(deserializer)?.map(Arc::new))
    }
}
