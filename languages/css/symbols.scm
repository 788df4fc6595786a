; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(rule_set (selectors) @name) @definition.class
