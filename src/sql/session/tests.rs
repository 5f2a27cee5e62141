use super::*;

/// What a name is called after these statements.
fn after(dialect: Dialect, statements: &[&str], name: &str) -> String {
    let mut session = Session::new(dialect);
    statements.iter().for_each(|statement| session.follow(statement));
    let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    let names: Vec<String> = session.searched(&parts).iter().map(|name| name.join(".")).collect();
    names.join(" | ")
}

#[test]
fn each_dialect_chooses_databases_and_schemas_in_its_own_words() {
    use Dialect::{
        ClickHouse, Databricks, DuckDb, Generic, Hive, MySql, Oracle, Postgres, Snowflake, Teradata, Trino, Tsql,
    };
    for (dialect, statements, name, expected) in [
        (Tsql, &["USE [Sales]"][..], "t", "sales..t"),
        (Tsql, &["USE Sales"], "dbo.t", "sales.dbo.t"),
        (Tsql, &["USE Sales", "USE Mart"], "dbo.t", "mart.dbo.t"),
        (Tsql, &["USE Sales"], "#t", "#t"),
        (MySql, &["USE `shop`"], "t", "shop.t"),
        (MySql, &["use shop"], "other.t", "other.t"),
        (Hive, &["USE web"], "t", "web.t"),
        (ClickHouse, &["USE Web"], "t", "Web.t"),
        (Teradata, &["DATABASE core"], "t", "core.t"),
        (Snowflake, &["USE DATABASE prod"], "t", "prod.public.t"),
        (Snowflake, &["USE prod"], "s.t", "prod.s.t"),
        (Snowflake, &["USE DATABASE prod", "USE SCHEMA \"Raw\""], "t", "prod.Raw.t"),
        (Snowflake, &["use schema prod.raw"], "t", "prod.raw.t"),
        (
            Snowflake,
            &["USE prod.raw", "USE ROLE sysadmin", "USE WAREHOUSE w", "USE SECONDARY ROLES ALL"],
            "t",
            "prod.raw.t",
        ),
        (Databricks, &["USE CATALOG main", "USE SCHEMA silver"], "t", "main.silver.t"),
        (Databricks, &["SET CATALOG main"], "t", "main.default.t"),
        (Databricks, &["USE main.silver"], "t", "main.silver.t"),
        (Databricks, &["USE DATABASE silver"], "t", "silver.t"),
        (Trino, &["USE hive.web"], "t", "hive.web.t"),
        (Trino, &["USE web"], "t", "web.t"),
        (DuckDb, &["USE lake"], "t", "lake.t"),
        (DuckDb, &["USE lake.raw"], "x.t", "x.t"),
        (DuckDb, &["SET search_path = 'a,b'"], "t", "a.t | b.t"),
        (Oracle, &["ALTER SESSION SET CURRENT_SCHEMA = hr"], "t", "hr.t"),
        (Generic, &["USE shop"], "t", "shop.t"),
        (Postgres, &["SET SCHEMA 'sales'"], "t", "sales.t"),
        (Postgres, &["SET search_path TO \"$user\", sales, public"], "t", "sales.t | public.t"),
        (Postgres, &["SET LOCAL search_path = 'Sales', pg_catalog"], "t", "Sales.t"),
        (Postgres, &["SET search_path = sales"], "pg_class", "pg_class"),
        (Postgres, &["SELECT pg_catalog.set_config('search_path', 'a, b', false)"], "t", "a.t | b.t"),
    ] {
        assert_eq!(after(dialect, statements, name), expected, "{dialect} {statements:?}");
    }
}

#[test]
fn what_is_not_known_is_left_open_from_there_on() {
    for (dialect, statements) in [
        (Dialect::Postgres, ["SET search_path = sales", "SET search_path TO DEFAULT"]),
        (Dialect::Postgres, ["SET search_path = sales", "SET search_path TO :schema"]),
        (Dialect::Postgres, ["SET search_path = sales", "RESET search_path"]),
        (Dialect::Postgres, ["SET search_path = sales", "SELECT pg_catalog.set_config('search_path', '', false)"]),
        (Dialect::Tsql, ["USE sales", "USE [$(db)]"]),
        (Dialect::Tsql, ["USE sales", "USE __hole_db"]),
        (Dialect::MySql, ["USE sales", "USE {{ db }}"]),
        (Dialect::Snowflake, ["USE DATABASE sales", "USE DATABASE IDENTIFIER($db)"]),
    ] {
        assert_eq!(after(dialect, &statements, "t"), "t", "{dialect} {statements:?}");
    }
}
