; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(table (_) @name . (pair)) @definition.module
(table_array_element (_) @name . (pair)) @definition.module
