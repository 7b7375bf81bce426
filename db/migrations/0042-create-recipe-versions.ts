import { createTable } from '../table.ts';

export const { up, down } = createTable(
  'recipe_versions',
  `
  recipe_id varchar(36) not null,
  number int not null,
  steps_json longtext not null,
  owner varchar(191) not null,
  at_ms bigint not null,
  primary key (recipe_id, number),
  constraint recipe_versions_recipe foreign key (recipe_id) references recipes (id)
  `,
);
