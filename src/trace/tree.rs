//! Documents as the viewer reads them: a text is a string, an element `[name, attributes, child…]`, and what has been there before is
//! `[[ago, number]]`: so many snapshots ago, the node that came to its end as so many-th there. Most of a page stays as it is
//! between two steps, so most of a snapshot is such references.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use std::collections::HashMap;

/// Texts shorter than this cost less than a reference to them.
const WORTH_IT: usize = 12;

/// A node of a document; a document is a list of them, each in front of the element it belongs to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Node {
    /// Text.
    Text(String),
    /// Name, attributes, how many of the nodes and elements in front of it are its children.
    Element(String, Map<String, Value>, usize),
}

/// What a node's whole content is known by.
type Content = [u8; 20];

/// The snapshots of one frame so far.
#[derive(Debug, Default)]
pub struct Snapshots {
    /// What is written in full somewhere: in which snapshot, as which node.
    known: HashMap<Content, (u64, u64)>,
    taken: u64,
}

/// A node that has been written; its parent is not yet.
struct Written {
    value: Value,
    content: Content,
    /// How many nodes there were before it and all in it.
    before: u64,
}

impl Snapshots {
    /// The next snapshot, with references for what was in earlier ones; an empty text for an empty document.
    pub fn next(&mut self, document: Vec<Node>) -> Value {
        self.taken += 1;
        let mut open: Vec<Written> = Vec::new();
        let mut nodes = 0;
        for node in document {
            let written = match node {
                Node::Text(text) => self.text(text, &mut nodes),
                Node::Element(name, attributes, children) => {
                    let children = open.split_off(open.len().saturating_sub(children));
                    self.element(name, attributes, children, &mut nodes)
                }
            };
            open.push(written);
        }
        open.pop().map_or_else(|| json!(""), |root| root.value)
    }

    fn text(&mut self, text: String, nodes: &mut u64) -> Written {
        let content: Content = Sha1::new().chain_update("text").chain_update(&text).finalize().into();
        let before = *nodes;
        let value = match self.earlier(&content) {
            Some(reference) if text.len() >= WORTH_IT => reference,
            _ => {
                if text.len() >= WORTH_IT {
                    self.note(content, nodes);
                } else {
                    *nodes += 1;
                }
                Value::String(text)
            }
        };
        Written { value, content, before }
    }

    fn element(
        &mut self,
        name: String,
        attributes: Map<String, Value>,
        children: Vec<Written>,
        nodes: &mut u64,
    ) -> Written {
        let mut digest = Sha1::new().chain_update(&name).chain_update([0]);
        let before = children.first().map_or(*nodes, |first| first.before);
        let (mut whole, attributes) = (vec![Value::String(name)], Value::Object(attributes));
        digest.update(attributes.to_string());
        whole.push(attributes);
        for child in children {
            digest.update(child.content);
            whole.push(child.value);
        }
        let content = digest.finalize().into();
        let value = match self.earlier(&content) {
            Some(reference) => {
                // Texts in it that were written out are not written after all.
                *nodes = before;
                reference
            }
            None => {
                self.note(content, nodes);
                Value::Array(whole)
            }
        };
        Written { value, content, before }
    }

    /// A reference to it, where it is in an earlier snapshot.
    fn earlier(&self, content: &Content) -> Option<Value> {
        let (snapshot, number) = self.known.get(content).filter(|(snapshot, _)| *snapshot < self.taken)?;
        Some(json!([[self.taken - snapshot, number]]))
    }

    /// It is written here.
    fn note(&mut self, content: Content, nodes: &mut u64) {
        self.known.entry(content).or_insert((self.taken, *nodes));
        *nodes += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Value`s as a page tells them.
    fn flat(node: &Value, into: &mut Vec<Node>) {
        match node {
            Value::Array(parts) => {
                parts.iter().skip(2).for_each(|child| flat(child, into));
                let attributes = parts[1].as_object().unwrap().clone();
                into.push(Node::Element(parts[0].as_str().unwrap().to_owned(), attributes, parts.len() - 2));
            }
            text => into.push(Node::Text(text.as_str().unwrap().to_owned())),
        }
    }

    /// The nodes of a snapshot in the viewer's order.
    fn nodes<'a>(node: &'a Value, into: &mut Vec<&'a Value>) {
        match node {
            Value::Array(parts) if parts[0].is_string() => {
                parts.iter().skip(2).for_each(|child| nodes(child, into));
                into.push(node);
            }
            Value::String(_) => into.push(node),
            _ => {}
        }
    }

    /// A snapshot with what its references mean in their place, as the viewer finds it.
    fn resolved(all: &[Value], at: usize, node: &Value) -> Value {
        match node {
            Value::Array(parts) if parts[0].is_array() => {
                let back = usize::try_from(parts[0][0].as_u64().unwrap()).unwrap();
                let mut found = Vec::new();
                nodes(&all[at - back], &mut found);
                let number = usize::try_from(parts[0][1].as_u64().unwrap()).unwrap();
                resolved(all, at - back, found[number])
            }
            Value::Array(parts) => {
                let child = |(i, part)| if i < 2 { Value::clone(part) } else { resolved(all, at, part) };
                Value::Array(parts.iter().enumerate().map(child).collect())
            }
            _ => node.clone(),
        }
    }

    #[test]
    fn what_was_there_before_is_referred_to() {
        let text = "a text that is long enough";
        let page = |title: &str, button: Value| json!(["HTML", {}, ["HEAD", {}, ["TITLE", {}, title]], ["BODY", {"class": "a"}, ["P", {}, text], button, ["P", {}, text]]]);
        let button = json!(["BUTTON", {"id": "go"}, "Go"]);
        let documents = [
            page("Shop", button.clone()),
            page("Shop", button.clone()),
            page("Shop", json!(["BUTTON", {"id": "go", "disabled": ""}, "Go"])),
            page("Another title of it", button.clone()),
            page("Shop", button),
        ];
        let mut snapshots = Snapshots::default();
        let mut take = |document: &Value| {
            let mut nodes = Vec::new();
            flat(document, &mut nodes);
            snapshots.next(nodes)
        };
        let written: Vec<Value> = documents.iter().map(&mut take).collect();
        for (i, document) in documents.iter().enumerate() {
            assert_eq!(&resolved(&written, i, &written[i]), document, "{i}");
        }
        assert_eq!(written[1], json!([[1, 10]]));
        assert_eq!(written[4], json!([[4, 10]]), "also from further back");
        assert_eq!(written[2][3][3], json!(["BUTTON", {"id": "go", "disabled": ""}, "Go"]));
        assert_eq!(written[2][2], json!([[2, 2]]), "the head");
    }

    #[test]
    fn a_page_that_lies_about_its_children_breaks_nothing() {
        let mut snapshots = Snapshots::default();
        let element = |children| Node::Element("P".to_owned(), Map::new(), children);
        assert_eq!(snapshots.next(vec![]), json!(""));
        assert_eq!(snapshots.next(vec![element(7)]), json!(["P", {}]));
        assert_eq!(snapshots.next(vec![Node::Text("a".to_owned()), element(0)]), json!([[1, 0]]));
    }
}
