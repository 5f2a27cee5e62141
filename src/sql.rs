//! SQL text: dialects, templates, statement splitting, identifiers, positions.

pub mod dataform;
pub mod detect;
pub mod dialect;
pub mod ident;
pub mod jinja;
pub mod layout;
pub mod lexer;
pub mod lexical;
pub mod migration;
pub mod no_flow;
pub mod parse;
pub mod placeholder;
pub mod prepare;
pub mod procedural;
pub mod repair;
pub mod rows;
pub mod scan;
pub mod session;
pub mod split;
pub mod sql_render;
pub mod sqlmesh;
pub mod stack;
pub mod table_function;
pub mod template;
