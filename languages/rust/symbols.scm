; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(struct_item name: (type_identifier) @name) @definition.class
(enum_item name: (type_identifier) @name) @definition.enum
(union_item name: (type_identifier) @name) @definition.class
(type_item name: (type_identifier) @name) @definition.type
(trait_item name: (type_identifier) @name) @definition.interface
(impl_item type: (_) @name) @definition.implementation
(mod_item name: (identifier) @name) @definition.module
(macro_definition name: (identifier) @name) @definition.macro
(const_item name: (identifier) @name) @definition.constant
(static_item name: (identifier) @name) @definition.constant
(declaration_list (function_item name: (identifier) @name) @definition.method)
(function_signature_item name: (identifier) @name) @definition.method
(function_item name: (identifier) @name) @definition.function
