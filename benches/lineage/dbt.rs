//! A made-up dbt project of any size: models that loop over lists, call macros of the project and of well-known packages,
//! and ask whether they are incremental. The same size gives the same text.

/// The files of a project with so many subjects; three models each.
pub fn files(subjects: usize) -> Vec<(String, String)> {
    let fixed = [
        ("dbt_project.yml", "name: shop\nvars:\n  measures: [amount, tax, fee, discount]\n"),
        (
            "models/sources.yml",
            "sources:\n  - name: raw\n    tables:\n      - name: events\n        columns:\n          - name: id\n",
        ),
        (
            "macros/money.sql",
            "{% macro cents(column, digits=2) -%}\n  round({{ column }} / 100.0, {{ digits }})\n{%- endmacro %}\n",
        ),
        (
            "macros/columns.sql",
            "{% macro measures(prefix) -%}\n  {%- set found = [] -%}\n  {%- for name in var('measures') -%}\n    {%- do \
             found.append(prefix ~ '.' ~ name) -%}\n  {%- endfor -%}\n  {{ return(found) }}\n{%- endmacro %}\n",
        ),
    ];
    let fixed = fixed.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    fixed.chain((0..subjects).flat_map(models)).collect()
}

fn models(subject: usize) -> [(String, String); 3] {
    // Another subject, so that everything hangs together; never a later one.
    let other = subject * 7 / 11;
    let staging = format!(
        "with source as (select * from {{{{ source('raw', 'events') }}}})\nselect id, parent_id, happened_at,\n{{%- for name \
         in var('measures') %}}\n  {{{{ cents(name) }}}} as {{{{ name }}}},\n{{%- endfor %}}\n  {subject} as subject\nfrom \
         source\n{{% if is_incremental() %}}where happened_at > (select max(happened_at) from {{{{ this }}}}){{% endif %}}\n"
    );
    let joined = format!(
        "{{{{ config(materialized='table') }}}}\nselect {{{{ dbt_utils.generate_surrogate_key(['e.id', 'e.subject']) }}}} as \
         key, e.id, e.happened_at,\n  {{{{ measures('e') | join(', ') }}}}, p.amount as parent_amount\nfrom {{{{ \
         ref('stg_{subject}') }}}} as e\nleft join {{{{ ref('stg_{other}') }}}} as p on p.id = e.parent_id\n"
    );
    let mart = format!(
        "select {{{{ dbt.date_trunc('day', 'happened_at') }}}} as day,\n{{%- for name in var('measures') %}}\n  sum({{{{ name \
         }}}}) as {{{{ name }}}}{{{{ ',' if not loop.last }}}}\n{{%- endfor %}}\nfrom {{{{ ref('facts_{subject}') }}}}\ngroup \
         by 1\n"
    );
    [("stg", staging), ("facts", joined), ("mart", mart)]
        .map(|(kind, text)| (format!("models/{kind}/{kind}_{subject}.sql"), text))
}
