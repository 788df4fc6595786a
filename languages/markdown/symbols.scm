; Definitions: the node is @definition.<kind>, its name @name. Where several patterns match one name, the earlier wins.
(section (atx_heading heading_content: (inline) @name)) @definition.heading
(setext_heading heading_content: (paragraph (inline) @name)) @definition.heading
