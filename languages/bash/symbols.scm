; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(function_definition name: (word) @name) @definition.function
