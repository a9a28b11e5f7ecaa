"""Countries and territories as people write them, besides the names that GeoNames gives."""

from __future__ import annotations

MORE_COUNTRIES = frozenset(
    name.strip()
    for name in """
    america, united states of america, the united states, u.s., u.s.a., usa, us, uk, u.k., great britain, britain,
    england, scotland, wales, northern ireland, republic of ireland, holland, the netherlands, netherlands, bahamas,
    the bahamas, gambia, the gambia, the philippines, people's republic of china, mainland china, prc, hong kong, macau,
    macao, taiwan, south korea, north korea, korea, republic of korea, democratic people's republic of korea,
    russian federation, soviet union, ussr, yugoslavia, czechoslovakia, czech republic, czechia, slovak republic,
    macedonia, north macedonia, bosnia, bosnia and herzegovina, bosnia-herzegovina, herzegovina, burma, myanmar,
    ivory coast, côte d'ivoire, cote d'ivoire, cape verde, cabo verde, swaziland, eswatini, east timor, timor-leste,
    democratic republic of the congo, republic of the congo, congo, drc, congo-brazzaville, congo-kinshasa, zaire,
    palestine, palestinian territories, palestinian territory, west bank, gaza, gaza strip, israel, syria,
    syrian arab republic, iran, islamic republic of iran, iraq, libya, libyan arab jamahiriya, laos,
    lao people's democratic republic, viet nam, vietnam, tanzania, united republic of tanzania, moldova,
    republic of moldova, bolivia, venezuela, bolivarian republic of venezuela, vatican, vatican city, holy see,
    micronesia, federated states of micronesia, brunei, brunei darussalam, kyrgyzstan, kyrgyz republic, saint kitts,
    saint kitts and nevis, st. kitts and nevis, saint lucia, st. lucia, saint vincent and the grenadines,
    st. vincent and the grenadines, sao tome and principe, são tomé and príncipe, trinidad, trinidad and tobago,
    antigua and barbuda, uae, u.a.e., united arab emirates, turkiye, türkiye, turkey, kosovo, réunion, reunion,
    falkland islands, faroe islands, cayman islands, virgin islands, british virgin islands, u.s. virgin islands,
    united states virgin islands, svalbard & jan mayen islands, wallis and futuna, south georgia, pitcairn islands,
    british indian ocean territory, netherlands antilles, antarctica, saint helena, saint martin, saint barthelemy,
    saint pierre and miquelon, heard island and mcdonald islands, bouvet island, norfolk island, christmas island,
    cocos islands, turks and caicos islands, western sahara, south sudan, french guiana, french polynesia,
    french southern territories, new caledonia, papua new guinea, equatorial guinea, guinea-bissau, hellenic republic
    """.replace("\n", " ").split(",")
)

TERRITORIES = {
    "district of columbia": "DC",
    "puerto rico": "PR",
    "guam": "GU",
    "american samoa": "AS",
    "northern mariana islands": "MP",
    "us virgin islands": "VI",
}
