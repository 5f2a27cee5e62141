//! Laws of the resolver, for any input.

use proptest::prelude::*;

use super::model::LineageGraph;
use super::tests::prepared;
use super::{Side, analyze};
use crate::impact::{Verdict, assess};
use crate::sql::dialect::Dialect;

/// A small warehouse in which files read each other in every direction.
const FILES: [(&str, &str); 6] = [
    ("tables/orders.sql", "create table raw.orders (id int, customer_id int, amount numeric, deleted boolean);"),
    ("tables/customers.sql", "create table raw.customers (id int, name text);"),
    ("views/stg_orders.sql", "create view stg_orders as select * from raw.orders where not deleted;"),
    (
        "views/revenue.sql",
        "create view revenue as with o as (select customer_id, sum(amount) as total from stg_orders group by 1) \
         select c.name, o.total from o join raw.customers c on c.id = o.customer_id;",
    ),
    ("views/top.sql", "create view top as select * from revenue order by total desc limit 10;"),
    ("jobs/load.sql", "insert into report select name, total, 'x' as tag from top;"),
];

fn graph(order: &[usize], change: impl Fn(&str) -> String) -> LineageGraph {
    let files: Vec<_> =
        order.iter().map(|index| prepared(FILES[*index].0, &change(FILES[*index].1), Dialect::Postgres)).collect();
    analyze(Side { files: &files, declared: &[] })
}

/// Another way to write the same SQL: case of keywords and names, white space, comments.
fn rewritten(sql: &str, seed: u64) -> String {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let words = sql.split(' ').map(|word| {
        let word = if next() % 3 == 0 && !word.contains('\'') { word.to_uppercase() } else { word.to_owned() };
        let space = [" ", "\n", "\t ", " /* said */ ", " -- said\n"][usize::try_from(next() % 5).expect("small")];
        word + space
    });
    words.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_files_does_not_change_the_graph(
        order in Just((0..FILES.len()).collect::<Vec<_>>()).prop_shuffle()
    ) {
        let every: Vec<usize> = (0..FILES.len()).collect();
        prop_assert_eq!(graph(&order, str::to_owned), graph(&every, str::to_owned));
    }

    #[test]
    fn formatting_case_and_comments_are_no_change(seed in any::<u64>()) {
        let every: Vec<usize> = (0..FILES.len()).collect();
        let (base, head) = (graph(&every, str::to_owned), graph(&every, |sql| rewritten(sql, seed)));
        prop_assert_eq!(assess(&base, &head, &[]).verdict, Verdict::None);
    }

    #[test]
    fn any_text_in_any_dialect_gives_a_graph(text in any::<String>(), cut in 0..400_usize, dialect in 0..Dialect::ALL.len()) {
        let dialect = Dialect::ALL[dialect];
        let whole: String = FILES.iter().map(|(_, sql)| *sql).collect();
        let broken: String = whole.chars().take(cut).chain(text.chars()).chain(whole.chars().skip(cut)).collect();
        for text in [text, broken] {
            let files = [prepared("a.sql", &text, dialect)];
            let graph = analyze(Side { files: &files, declared: &[] });
            prop_assert_eq!(graph.coverage.files, 1);
            prop_assert!(assess(&graph, &graph, &[]).assets.is_empty());
        }
    }
}
