import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'recipe_edits',
  `
  recipe_id varchar(36) not null,
  position int not null,
  steps_json longtext not null,
  at_ms bigint not null,
  primary key (recipe_id, position),
  constraint recipe_edits_recipe foreign key (recipe_id) references recipes (id)
  `,
);
