//! dbt projects from the outside: `preview` on a small project of our own, edited.

mod access;
mod beside_sql;
mod contracts;
mod ephemeral;
mod macros;
mod named;
mod selectors;
mod snapshots;

use serde_json::Value;

use crate::harness::Tool;
use crate::repository::Repository;

const PROJECT: &[(&str, &str)] = &[
    ("dbt_project.yml", "name: shop\nprofile: shop\n"),
    ("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: postgres, schema: analytics}\n"),
    (
        "models/sources.yml",
        "sources:\n  - name: raw\n    schema: landing\n    tables:\n      - name: orders\n      - name: customers\n",
    ),
    ("models/stg_orders.sql", "select id, customer_id, amount, ordered_at\nfrom {{ source('raw', 'orders') }}\n"),
    ("models/stg_customers.sql", "select id, name\nfrom {{ source('raw', 'customers') }}\n"),
    (
        "models/orders.sql",
        "select o.id, o.customer_id, {{ cents('o.amount') }} as total\nfrom {{ ref('stg_orders') }} as o\n",
    ),
    (
        "models/customers.sql",
        "select c.id, c.name, count(*) as orders\nfrom {{ ref('stg_customers') }} as c\njoin {{ ref('orders') }} as o \
         on o.customer_id = c.id\ngroup by 1, 2\n",
    ),
    ("macros/cents.sql", "{% macro cents(column) %}({{ column }} / 100){% endmacro %}\n"),
];

/// The project in a repository, with a commit to compare with.
struct Shop(Repository);

impl Shop {
    /// The project with these files more.
    fn with(files: &[(&str, &str)]) -> Self {
        let repository = Repository::new();
        for (path, text) in PROJECT.iter().chain(files) {
            repository.write(path, text);
        }
        repository.commit("start");
        Self(repository)
    }

    fn write(self, path: &str, text: &str) -> Self {
        self.0.write(path, text);
        self
    }

    fn remove(self, path: &str) -> Self {
        self.0.remove(path);
        self
    }

    fn preview(&self, format: &str) -> String {
        let arguments = ["preview", "--base", "HEAD", "--format", format];
        Tool::new(arguments).current_folder(self.0.path()).run().expect_code(0).stdout
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.preview("json")).expect("is JSON")
    }
}

/// The names of a list of assets.
fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|entry| entry["name"].as_str()).collect()
}

/// `file:line what` of every place that still reads a column of a changed asset.
fn readers(report: &Value, asset: &str, column: &str) -> Vec<String> {
    let assets = report["assets"].as_array().expect("assets");
    let asset = assets.iter().find(|entry| entry["name"] == asset).expect("a changed asset");
    let columns = asset["columns"].as_array().expect("columns");
    let is_it = |entry: &&Value| entry["name"] == column || entry["previous_name"] == column;
    places(&columns.iter().find(is_it).expect("a changed column")["readers"])
}

/// `file:line what` of places.
fn places(readers: &Value) -> Vec<String> {
    let place = |reader: &Value| {
        let what = reader["what"].as_str().map(|what| format!(" {what}")).unwrap_or_default();
        format!("{}:{}{what}", reader["file"].as_str().expect("a file"), reader["line"])
    };
    readers.as_array().expect("readers").iter().map(place).collect()
}
